import { objectOf } from '../json.ts'

/** Why a webhook of OpenVidu 2 is refused. */
export const IS_OPENVIDU_2 =
  'This is a webhook of OpenVidu 2, which is not supported. OpenVidu 3 is: it sends the webhooks of LiveKit.'

/** No webhook of OpenVidu 2 is longer, unless it carries a long signal. */
const MAX_BYTES = 65_536

/** The events of OpenVidu 2. Source: docs.openvidu.io/en/stable "OpenVidu Webhook". */
const EVENTS: readonly unknown[] = [
  ...['sessionCreated', 'sessionDestroyed', 'participantJoined', 'participantLeft', 'signalSent'],
  ...[
    'webrtcConnectionCreated',
    'webrtcConnectionDestroyed',
    'recordingStatusChanged',
    'filterEventDispatched',
  ],
  ...['broadcastStarted', 'broadcastStopped', 'mediaNodeStatusChanged', 'nodeCrashed', 'nodeRecovered'],
]

/** True for the body of a webhook of OpenVidu 2, whose events have names of their own. The body is not authentic. */
export function isOfOpenVidu2(body: Buffer): boolean {
  if (body.length > MAX_BYTES) return false
  try {
    return EVENTS.includes(objectOf(JSON.parse(body.toString()))?.['event'])
  } catch {
    return false
  }
}
