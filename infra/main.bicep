// One environment: a resource group with everything the app needs, each part reached by identity and none by key.
// Parameters are explained in docs/deploying.md; what is billed, and by what, as well.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the environment, as azd knows it.')
param environmentName string

@minLength(1)
@description('Region of everything.')
param location string

@description('Object id of who deploys; may write secrets and operate. Empty: nobody, until somebody is given the roles.')
param principalId string = ''

@allowed([
  'Group'
  'ServicePrincipal'
  'User'
])
@description('What the object id of who deploys stands for.')
param principalType string = 'User'

@description('Who is told when an alert fires. Empty: alerts show in the portal only.')
param alertEmail string = ''

@allowed([
  512
  2048
  4096
])
@description('Memory of an instance in MB; what an execution costs is proportional to it.')
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
@description('Instances at most, of each function with a queue or a timer and of all HTTP functions together.')
param maximumInstanceCount int = 40

@minValue(0)
@maxValue(20)
@description('Instances that are always ready for hooks, billed by the hour. 0: the first hook after a quiet time waits for a start.')
param httpAlwaysReady int = 0

@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
@description('Where copies of claims and trail are kept: one place, three zones, or another region as well.')
param storageRedundancy string = 'Standard_ZRS'

@minValue(30)
@maxValue(730)
@description('How long logs are kept, in days.')
param logRetentionDays int = 90

@minValue(-1)
@maxValue(100)
@description('GB of logs taken per day, -1 for no cap. Beyond it nothing is logged until the next day: log-is-capped says so, and alerts on queues go on.')
param logDailyCapGB int = 5

@minValue(1)
@maxValue(120)
@description('For how many whole months encrypted copies of documents are kept.')
param keepCopiesMonths int = 12

@description('Client id of the Entra registration by which people sign in to the console. Empty: the console is off.')
param consoleClientId string = ''

@description('Whether F&O writes business events to the queue. It can do so by key only, so this lets keys in again.')
param businessEventsByQueue bool = false

@minValue(5)
@description('How many minutes a message may wait before an alert.')
param oldestMessageMinutes int = 30

@description('Whether there is a place and an identity for the data set of reports.')
param reports bool = false

@description('Image of the job that builds reports, as in reports:1, in the registry that reports brings. Empty: no job yet.')
param reportImage string = ''

@description('When reports are built, as a cron expression in UTC.')
param reportSchedule string = '0 2 * * *'

@description('Object id of the Entra group that reads reports. Empty: nobody, until somebody is given the role.')
param reportReadersId string = ''

@description('Object id of the Entra group that reads cost and margin. Empty: nobody.')
param costReadersId string = ''

var suffix = uniqueString(subscription().id, environmentName, location)
var tags = {
  'azd-env-name': environmentName
}
var queues = loadJsonContent('queues.json')

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-${suffix}'
    componentName: 'appi-${suffix}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${suffix}'
    location: location
    tags: tags
    redundancy: storageRedundancy
  }
}

module bus 'modules/bus.bicep' = {
  name: 'bus'
  scope: group
  params: {
    name: 'sb-${suffix}'
    location: location
    tags: tags
    queues: queues
    businessEventsByQueue: businessEventsByQueue
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${suffix}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    deployerPrincipalId: principalId
    deployerPrincipalType: principalType
    storageName: storage.outputs.name
    busName: bus.outputs.name
    vaultName: vault.outputs.name
    componentName: monitoring.outputs.componentName
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-${suffix}'
    planName: 'plan-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpAlwaysReady: httpAlwaysReady
    packageUrl: storage.outputs.packageUrl
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    busHost: bus.outputs.host
    vaultUrl: vault.outputs.url
    componentConnectionString: monitoring.outputs.componentConnectionString
    keepCopiesMonths: string(keepCopiesMonths)
    consoleSignIn: consoleClientId == '' ? 'off' : 'entra'
    consoleClientId: consoleClientId
  }
  // Without its rights the app cannot fetch its own package, and rights take minutes to be effective.
  dependsOn: [
    roles
  ]
}

module reportData 'modules/report-data.bicep' = if (reports) {
  name: 'reportData'
  scope: group
  params: {
    name: 'str${suffix}'
    registryName: 'cr${suffix}'
    identityName: 'id-reports-${suffix}'
    location: location
    tags: tags
    redundancy: storageRedundancy
  }
}

module reportRoles 'modules/report-roles.bicep' = if (reports) {
  name: 'reportRoles'
  scope: group
  params: {
    jobPrincipalId: reportData!.outputs.principalId
    readersId: reportReadersId
    costReadersId: costReadersId
    dataName: reportData!.outputs.name
    registryName: reportData!.outputs.registryName
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

module reportJob 'modules/report-job.bicep' = if (reports && !empty(reportImage)) {
  name: 'reportJob'
  scope: group
  params: {
    name: 'job-reports'
    environmentName: 'cae-${suffix}'
    location: location
    tags: tags
    identityId: reportData!.outputs.identityId
    identityClientId: reportData!.outputs.clientId
    registryServer: reportData!.outputs.registryServer
    image: reportImage
    schedule: reportSchedule
    reportsEndpoint: reportData!.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    busHost: bus.outputs.host
    vaultUrl: vault.outputs.url
    workspaceId: monitoring.outputs.workspaceId
  }
  // Without its rights the job cannot fetch its own image.
  dependsOn: [
    reportRoles
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    email: alertEmail
    busId: bus.outputs.id
    workspaceId: monitoring.outputs.workspaceId
    oldestMessageMinutes: oldestMessageMinutes
  }
}

// By the names that `python -m sync` reads, so that the environment's values are an operator's settings.
output AZURE_CLIENT_ID string = identity.outputs.clientId
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = app.outputs.name
output FUNCTION_APP_URL string = app.outputs.url
output KEY_VAULT_NAME string = vault.outputs.name
output KEY_VAULT_URL string = vault.outputs.url
output REPORT_CLIENT_ID string = reports ? reportData!.outputs.clientId : ''
output REPORT_JOB_NAME string = reports && !empty(reportImage) ? reportJob!.outputs.name : ''
output REPORT_REGISTRY_NAME string = reports ? reportData!.outputs.registryName : ''
output REPORT_STORAGE_NAME string = reports ? reportData!.outputs.name : ''
output SERVICE_BUS_NAME string = bus.outputs.name
output SERVICE_BUS__fullyQualifiedNamespace string = bus.outputs.host
output STORAGE_NAME string = storage.outputs.name
output SYNC_EDITION string = 'azure'
output TABLES_ENDPOINT string = storage.outputs.tableEndpoint
