// The job that builds reports each night, from the image of infra/reports.Dockerfile. It serves nothing and nobody
// reaches it; what it prints goes to the workspace by the platform, without a key.
param name string
param environmentName string
param location string
param tags object
param identityId string
param identityClientId string
param registryServer string
param image string
param schedule string
param reportsEndpoint string
param tableEndpoint string
param busHost string
param vaultUrl string
param workspaceId string

resource managed 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: managed
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

// One replica at a time, begun again once where it was killed or could not read all. What it built last night is fetched
// first, so its disk need not outlive it. With two cores the platform gives it 8 GB of disk.
resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: managed.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Schedule'
      replicaTimeout: 21600
      replicaRetryLimit: 1
      scheduleTriggerConfig: {
        cronExpression: schedule
        parallelism: 1
        replicaCompletionCount: 1
      }
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'reports'
          image: '${registryServer}/${image}'
          resources: {
            cpu: 2
            memory: '4Gi'
          }
          env: [
            {
              name: 'AZURE_CLIENT_ID'
              value: identityClientId
            }
            {
              name: 'KEY_VAULT_URL'
              value: vaultUrl
            }
            {
              name: 'REPORTS_ENDPOINT'
              value: reportsEndpoint
            }
            {
              name: 'SERVICE_BUS__fullyQualifiedNamespace'
              value: busHost
            }
            {
              name: 'SYNC_EDITION'
              value: 'azure'
            }
            {
              name: 'SYNC_LOG_FORMAT'
              value: 'json'
            }
            {
              name: 'TABLES_ENDPOINT'
              value: tableEndpoint
            }
          ]
        }
      ]
    }
  }
}

output name string = job.name
