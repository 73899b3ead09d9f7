// The function app on Flex Consumption. Every setting it reads is here; none of them is a secret.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param instanceMemoryMB int
param maximumInstanceCount int
param httpAlwaysReady int
param packageUrl string
param blobEndpoint string
param queueEndpoint string
param tableEndpoint string
param busHost string
param vaultUrl string
param componentConnectionString string
param keepCopiesMonths string
param consoleSignIn string
param consoleClientId string

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, {
    'azd-service-name': 'sync'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: httpAlwaysReady == 0 ? [] : [
          {
            name: 'http'
            instanceCount: httpAlwaysReady
          }
        ]
        triggers: {
          http: {
            perInstanceConcurrency: 16
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.11'
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: {
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    APPLICATIONINSIGHTS_CONNECTION_STRING: componentConnectionString
    AZURE_CLIENT_ID: identityClientId
    AzureWebJobsStorage__blobServiceUri: blobEndpoint
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__queueServiceUri: queueEndpoint
    AzureWebJobsStorage__tableServiceUri: tableEndpoint
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '2097152'
    KEY_VAULT_URL: vaultUrl
    SERVICE_BUS__clientId: identityClientId
    SERVICE_BUS__credential: 'managedidentity'
    SERVICE_BUS__fullyQualifiedNamespace: busHost
    OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
    SYNC_CONNECTIONS: '/home/site/wwwroot/connections.toml'
    SYNC_CONSOLE: consoleSignIn
    SYNC_EDITION: 'azure'
    SYNC_KEEP_COPIES_MONTHS: keepCopiesMonths
    TABLES_ENDPOINT: tableEndpoint
  }
}

// People sign in to the console by Entra before a request reaches the app: the platform then removes what a caller sends
// under the names of its own headers. Hooks and events come without signing in; they are signed. No secret: the app's
// identity vouches for the registration.
resource signIn 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: consoleSignIn == 'entra'
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: consoleSignIn == 'entra'
        registration: {
          openIdIssuer: '${environment().authentication.loginEndpoint}${subscription().tenantId}/v2.0'
          clientId: consoleClientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
        }
        validation: {
          allowedAudiences: [
            consoleClientId
            'api://${consoleClientId}'
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
  // Both are settings of the site, which are written one after the other.
  dependsOn: [
    settings
  ]
}

// Nobody publishes with a password: packages come by Entra identity.
resource ftpLogin 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmLogin 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
