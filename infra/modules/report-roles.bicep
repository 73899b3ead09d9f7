// Who may do what with the data set of reports, all of it. The job: write it, read secrets, keep the tables that it
// uses, fetch its image. Nothing of queues, of claims, of the app's blobs. People: two groups, one for cost alone.
param jobPrincipalId string
param readersId string
param costReadersId string
param dataName string
param registryName string
param storageName string
param vaultName string

var ids = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
// Figures for the console, whom to forget, and the demand that the app writes to F&O; how many requests a system takes, which is shared with the app.
var jobTables = [
  'budgets'
  'forecastdemand'
  'pauses'
  'reports'
]

resource data 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: dataName
}

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = {
  parent: data
  name: 'default'
}

resource shared 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: dataBlobs
  name: 'reporting'
}

resource confidential 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: dataBlobs
  name: 'reporting-confidential'
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' existing = {
  parent: storage
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' existing = [for tableName in jobTables: {
  parent: tableService
  name: tableName
}]

resource jobWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data.id, jobPrincipalId, ids.storageBlobDataContributor)
  scope: data
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.storageBlobDataContributor)
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource jobPulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, jobPrincipalId, ids.acrPull)
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.acrPull)
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource jobReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, jobPrincipalId, ids.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.keyVaultSecretsUser)
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource jobKeepsTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (tableName, place) in jobTables: {
  name: guid(storage.id, tableName, jobPrincipalId, ids.storageTableDataContributor)
  scope: table[place]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.storageTableDataContributor)
    principalId: jobPrincipalId
    principalType: 'ServicePrincipal'
  }
}]

resource peopleRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(readersId)) {
  name: guid(shared.id, readersId, ids.storageBlobDataReader)
  scope: shared
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.storageBlobDataReader)
    principalId: readersId
    principalType: 'Group'
  }
}

resource peopleReadCost 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(costReadersId)) {
  name: guid(confidential.id, costReadersId, ids.storageBlobDataReader)
  scope: confidential
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids.storageBlobDataReader)
    principalId: costReadersId
    principalType: 'Group'
  }
}
