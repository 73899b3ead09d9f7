// The host's blobs (locks of timers, function keys, the package) and the product's tables, without any shared key.
param name string
param location string
param tags object
param redundancy string

var package = 'app-package'
// The code makes a table when it misses one; declared, they are there before the first order. Those of copies of
// documents bear their month and come and go with it.
var tables = [
  'accountfigures'
  'accountholds'
  'accountlist'
  'accountsdue'
  'accounttasks'
  'activity'
  'alerts'
  'budgets'
  'businessevents'
  'checkresults'
  'claims'
  'consolesignins'
  'creditdecisions'
  'creditreservations'
  'deadletters'
  'differences'
  'events'
  'flowpauses'
  'forecastdemand'
  'identities'
  'interest'
  'jobs'
  'mappings'
  'mirrors'
  'numbers'
  'parked'
  'pauses'
  'preparedcredit'
  'published'
  'reconciliations'
  'refusedkeys'
  'repairs'
  'reports'
  'runleases'
  'samples'
  'taskslots'
  'trail'
  'troubles'
  'watermarks'
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Allow'
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: package
  properties: {
    publicAccess: 'None'
  }
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = [for tableName in tables: {
  parent: tableService
  name: tableName
}]

output name string = account.name
output packageUrl string = '${account.properties.primaryEndpoints.blob}${packages.name}'
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
