// One queue per priority, one for polls, and one for F&O's business events, whatever the number of flows. What they
// are is generated from the code: queues.json.
param name string
param location string
param tags object
param queues array
param businessEventsByQueue bool

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    disableLocalAuth: !businessEventsByQueue
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [for each in queues: {
  parent: namespace
  name: each.name
  properties: {
    lockDuration: each.lockDuration
    maxDeliveryCount: each.maxDeliveryCount
    maxSizeInMegabytes: each.maxSizeInMegabytes
    requiresSession: each.requiresSession
    requiresDuplicateDetection: each.requiresDuplicateDetection
    duplicateDetectionHistoryTimeWindow: each.duplicateDetectionHistoryTimeWindow
    deadLetteringOnMessageExpiration: each.deadLetteringOnMessageExpiration
    defaultMessageTimeToLive: each.defaultMessageTimeToLive
  }
}]

// F&O's endpoint knows connection strings only. This one can write to this queue and do nothing else.
resource businessEvents 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = {
  parent: namespace
  name: 'business-events'
}

resource businessEventsKey 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' = if (businessEventsByQueue) {
  parent: businessEvents
  name: 'dynamics-sends'
  properties: {
    rights: [
      'Send'
    ]
  }
  dependsOn: [
    queue
  ]
}

output id string = namespace.id
output name string = namespace.name
output host string = replace(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
