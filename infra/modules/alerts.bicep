// What wakes somebody. The words looked for in the log are those the code writes; a test compares them.
param location string
param tags object
param email string
param busId string
param workspaceId string
param oldestMessageMinutes int

var oldestMessage = '''
AppTraces
| where Message contains "monitoring.queue queue="
| extend Queue = extract(@"queue=(\S+)", 1, Message), Waited = toint(extract(@"oldest_s=(\d+)", 1, Message))
| where Waited > {seconds}
'''

var freshness = '''
AppTraces
| where Message contains "monitoring.flow flow="
| extend Flow = strcat(extract(@"flow=(\S+)", 1, Message), " of ", extract(@"connection=(\S+)", 1, Message))
| extend Behind = toint(extract(@"behind_s=(\d+)", 1, Message)), Every = toint(extract(@"every_s=(\d+)", 1, Message))
| where Behind > 3 * Every + 900
'''

var signsOfLife = '''
AppTraces
| where Message contains "monitoring.queue queue="
'''

var refusals = '''
AppTraces
| where Message contains ".sign_in_refused connection=" or Message contains "dynamics.sign_in_refused scope=" or Message contains "dynamics.unauthorised activity=" or Message contains "intake.key_unusable connection="
'''

// A function that returns an error has succeeded, as the host counts; only its status tells (azure-functions-host 6511).
// A row stands for as many requests as it says: of more than 20 a second on one instance the host leaves some out.
var failures = '''
AppRequests
| extend Status = coalesce(toint(ResultCode), 0)
| where (Success == false or Status >= 500) and not(Status between (400 .. 499))
| mv-expand Each = range(1, ItemCount, 1) to typeof(int)
'''

var turnedAway = '''
AppTraces
| where Message contains "intake.not_stored connection=" or Message contains "intake.out_of_time connection=" or Message contains "intake.keys_unreachable connection=" or Message contains "business_events.not_stored connection=" or Message contains "host.not_open reason=" or Message contains "host.unconfigured missing=" or Message contains "host.held queue="
'''

var pauses = '''
AppTraces
| where Message contains " asked for a pause of "
| extend System = extract(@"reason=(.+?) asked for a pause of ", 1, Message)
'''

var silence = '''
AppTraces
| where Message contains "pacing.away system="
| extend System = extract(@"system=(.+?) s=", 1, Message)
'''

var stopped = '''
AppTraces
| where Message contains "flows.stopped flow="
| extend Flow = strcat(extract(@"flow=(\S+)", 1, Message), " of ", extract(@"connection=(\S+)", 1, Message))
'''

var parked = '''
AppTraces
| where Message contains ".parked key=" or Message contains ".differs key=" or Message contains "dead_letters.unreadable queue="
| extend Flow = extract(@"(\w+)\.(?:parked key|differs key|unreadable queue)=", 1, Message)
'''

var pausedFlows = '''
AppTraces
| where Message contains "monitoring.flow_paused flow="
| extend Flow = strcat(extract(@"flow=(\S+)", 1, Message), " of ", extract(@"connection=(\S+)", 1, Message))
| extend Paused = toint(extract(@"paused_s=(\d+)", 1, Message))
| where Paused > 43200
'''

var unseen = '''
AppTraces
| where Message contains "monitoring.queue_unreadable queue=" or Message contains "monitoring.queue_not_seen_through queue=" or Message contains "monitoring.flow_unreadable flow="
'''

// What only the product's tables know; alerts that the log shows by itself have rules of their own.
var standing = '''
AppTraces
| where Message contains "alerts.stands severity="
| extend Severity = extract(@"severity=(\w+)", 1, Message), Kind = extract(@"kind=(\w+)", 1, Message)
| extend Alert = extract(@"cause=(.+)", 1, Message)
| where Severity == "{severity}" and Kind in ("schema", "silent", "differs", "expiring", "gate", "report")
'''

// Azure writes this to a table that the cap does not stop (learn.microsoft.com, azure-monitor/logs/daily-cap).
var capReached = '''
_LogOperation
| where Detail contains "OverQuota"
'''

var actions = empty(email) ? [] : [
  people.id
]

// Severity: 1 orders do not flow, 2 they will soon not, 3 a person is needed in working hours.
var rules = [
  {
    name: 'messages-wait'
    title: 'Messages wait too long'
    description: 'The oldest message of a queue has waited longer than agreed: deliveries do not keep up, or do not run.'
    severity: 1
    window: 'PT15M'
    dimension: 'Queue'
    operator: 'GreaterThan'
    threshold: 1
    query: replace(oldestMessage, '{seconds}', string(oldestMessageMinutes * 60))
  }
  {
    name: 'flow-is-behind'
    title: 'A flow is behind'
    description: 'Nobody has looked for changes of this flow for three times as long as the connection asks for, and 15 minutes.'
    severity: 1
    window: 'PT15M'
    dimension: 'Flow'
    operator: 'GreaterThan'
    threshold: 1
    query: freshness
  }
  {
    name: 'app-is-silent'
    title: 'The app is silent'
    description: 'Monitoring writes a line every five minutes, and has not for half an hour: the app does not start, or logs do not arrive.'
    severity: 1
    window: 'PT30M'
    dimension: ''
    operator: 'LessThan'
    threshold: 1
    query: signsOfLife
  }
  {
    name: 'log-is-capped'
    title: 'The log has reached its daily cap'
    description: 'Nothing more is logged today: the alerts that read the log are blind, those on queues are not. Raise SYNC_LOG_DAILY_CAP_GB, then look for what logs so much.'
    severity: 1
    window: 'PT15M'
    dimension: ''
    operator: 'GreaterThan'
    threshold: 0
    query: capReached
  }
  {
    name: 'monitoring-is-blind'
    title: 'Monitoring is blind'
    description: 'A queue or a flow could not be looked at again and again: messages may wait there, and no other alert can tell.'
    severity: 2
    window: 'PT15M'
    dimension: ''
    operator: 'GreaterThan'
    threshold: 1
    query: unseen
  }
  {
    name: 'sign-in-refused'
    title: 'A credential is refused'
    description: 'Entra or F&O refuses the app, or the key of a webhook cannot be used: see docs/rotating-keys.md.'
    severity: 1
    window: 'PT15M'
    dimension: ''
    operator: 'GreaterThan'
    threshold: 0
    query: refusals
  }
  {
    name: 'functions-fail'
    title: 'Functions fail'
    description: 'Invocations ended with an exception or answered 5xx. Refused callers (4xx) do not count.'
    severity: 2
    window: 'PT15M'
    dimension: 'OperationName'
    operator: 'GreaterThan'
    threshold: 2
    query: failures
  }
  {
    name: 'callers-are-turned-away'
    title: 'Callers are turned away'
    description: 'Hooks and events could not be stored (polls find what they announced), messages are held because our own stores are in trouble, or the app cannot open: the line says why.'
    severity: 2
    window: 'PT15M'
    dimension: ''
    operator: 'GreaterThan'
    threshold: 2
    query: turnedAway
  }
  {
    name: 'system-is-away'
    title: 'A system gives no answer'
    description: 'Commerce or F&O has given nobody an answer for minutes. Nothing is lost, and all goes on by itself: python -m sync health.'
    severity: 1
    window: 'PT15M'
    dimension: 'System'
    operator: 'GreaterThan'
    threshold: 20
    query: silence
  }
  {
    name: 'flow-stands-still'
    title: 'A flow has stopped itself'
    description: 'A right is missing, or an entity or service: no record of this flow can be delivered. The cause and what to do: python -m sync paused.'
    severity: 1
    window: 'PT15M'
    dimension: 'Flow'
    operator: 'GreaterThan'
    threshold: 0
    query: stopped
  }
  {
    name: 'fields-are-lost'
    title: 'Fields are lost, checkouts are not decided, or a credential ends within days'
    description: 'F&O or Commerce has lost what the mapping uses, checkouts have no fresh credit figures, or a certificate or secret ends: python -m sync alerts says what to do.'
    severity: 1
    window: 'PT15M'
    dimension: 'Alert'
    operator: 'GreaterThan'
    threshold: 0
    query: replace(standing, '{severity}', 'critical')
  }
  {
    name: 'source-is-silent'
    title: 'A source is silent, books differ, or no report is built'
    description: 'Nothing comes where there was always traffic, the books of both systems differ, no report could be built for two nights, or a certificate or secret ends soon: python -m sync alerts says what to do.'
    severity: 3
    window: 'PT15M'
    dimension: 'Alert'
    operator: 'GreaterThan'
    threshold: 0
    query: replace(standing, '{severity}', 'warning')
  }
  {
    name: 'system-asks-for-pauses'
    title: 'A system asks for pauses'
    description: 'Commerce or F&O has answered 429 again and again. Nothing is lost; deliveries are late.'
    severity: 3
    window: 'PT15M'
    dimension: 'System'
    operator: 'GreaterThan'
    threshold: 20
    query: pauses
  }
  {
    name: 'flow-is-paused'
    title: 'A flow is paused'
    description: 'Somebody has paused this flow more than twelve hours ago, and may have forgotten it: python -m sync paused.'
    severity: 3
    window: 'PT15M'
    dimension: 'Flow'
    operator: 'GreaterThan'
    threshold: 1
    query: pausedFlows
  }
  {
    name: 'records-are-parked'
    title: 'Records are parked'
    description: 'A record waits for a person, also one whose message a queue gave up, or one that is delivered and whose sums differ in both systems; its reason and its remedy: python -m sync parked. Or a queue held what is no message of ours: facts of it are kept.'
    severity: 3
    window: 'PT15M'
    dimension: 'Flow'
    operator: 'GreaterThan'
    threshold: 0
    query: parked
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'operators'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// What a queue gave up is parked (park_<queue>), most often before Azure samples this number: records-are-parked tells of it.
// A letter that is there when Azure looks could not be parked.
resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages that a queue gave up lie there and could not be parked: see the log of park_<queue>. Those that could be are told by records-are-parked.'
    severity: 2
    enabled: true
    scopes: [
      busId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
        }
      ]
    }
    actions: [for action in actions: {
      actionGroupId: action
    }]
  }
}

// As messages-wait, and seen although nothing is logged: Azure counts a queue's messages itself, those of later times apart.
resource standingQueues 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'queue-never-empties'
  location: 'global'
  tags: tags
  properties: {
    description: 'A queue has not been empty for an hour: deliveries do not keep up, or do not run. Azure counts messages itself, so this is seen although the log is capped or the app is stopped.'
    severity: 2
    enabled: true
    scopes: [
      busId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'active messages'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'ActiveMessages'
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
        }
      ]
    }
    actions: [for action in actions: {
      actionGroupId: action
    }]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for rule in rules: {
  name: rule.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.title
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    autoMitigate: true
    // A fresh workspace does not have its tables before the first line has arrived.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.operator
          threshold: rule.threshold
          dimensions: empty(rule.dimension) ? [] : [
            {
              name: rule.dimension
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: actions
    }
  }
}]
