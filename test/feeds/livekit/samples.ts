/**
 * The body in `src/WebhookReceiver.test.ts` of livekit-server-sdk 2.19.2, with the key, the secret and the hash from
 * there. The hash is over these bytes.
 */
export const NODE_SDK = {
  body: '{"event":"room_started", "room":{"sid":"RM_TkVjUvAqgzKz", "name":"mytestroom", "emptyTimeout":300, "creationTime":"1628545903", "turnPassword":"ICkSr2rEeslkN6e9bXL4Ji5zzMD5Z7zzr6ulOaxMj6N", "enabledCodecs":[{"mime":"audio/opus"}, {"mime":"video/VP8"}]}}',
  sha256: 'CoEQz1chqJ9bnZRcORddjplkvpjmPujmLTR42DbefYI=',
  apiKey: 'abcdefg',
  apiSecret: 'abababa',
} as const

/** Sent by LiveKit Cloud in February 2026: community.livekit.io/t/missing-webhook-requests/319, values unchanged. */
export const TRACK_UNPUBLISHED = {
  id: 'EV_jT6Y4xyzXsjM',
  room: { sid: 'RM_nHPUfmxXrHry', name: '974b6e04-0617-4ae7-90f9-7202e5e998e9' },
  event: 'track_unpublished',
  track: {
    mid: '1',
    sid: 'TR_AMNTtQxevMRbsr',
    codecs: [{ cid: 'a769975c-cf87-480a-b18a-4c4732cfacae', mid: '1', mimeType: 'audio/red' }],
    source: 'MICROPHONE',
    stream: 'camera',
    version: { unixMicro: '1771351848526591' },
    mimeType: 'audio/red',
    audioFeatures: [
      'TF_AUTO_GAIN_CONTROL',
      'TF_ECHO_CANCELLATION',
      'TF_NOISE_SUPPRESSION',
      'TF_ENHANCED_NOISE_CANCELLATION',
    ],
    backupCodecPolicy: 'SIMULCAST',
  },
  createdAt: '1771351907',
  participant: { sid: 'PA_eU7nwP2s3FcN', identity: 'ab7d6065-44a4-4385-b225-b95a490bf062' },
} as const

const STANDUP = {
  sid: 'RM_8mPq2LrT5vXc',
  name: 'standup-42',
  emptyTimeout: 300,
  creationTime: '1787074610',
  turnPassword: 'turn-password-of-the-room',
  enabledCodecs: [
    { mime: 'audio/opus' },
    { mime: 'audio/red' },
    { mime: 'video/VP8' },
    { mime: 'video/AV1' },
  ],
  departureTimeout: 20,
  creationTimeMs: '1787074610412',
}

const ALICE = {
  sid: 'PA_9kQwZ3mNbVcX',
  identity: 'alice',
  joinedAt: '1787074611',
  name: 'Alice',
  permission: { canSubscribe: true, canPublish: true, canPublishData: true },
  region: 'eu-west',
  attributes: { device: 'laptop' },
  joinedAtMs: '1787074611203',
}

/**
 * A room of two people with made-up ids, as @livekit/protocol 1.51 writes it (`toJson()` leaves out default values, as
 * Go's protojson does), with the fields that livekit-server 1.13 fills in.
 */
export const STANDUP_42 = [
  { event: 'room_started', room: STANDUP, id: 'EV_Ta0vF2tb2xLy', createdAt: '1787074610' },
  {
    event: 'participant_joined',
    room: { ...STANDUP, numParticipants: 1 },
    participant: { ...ALICE, state: 'ACTIVE', version: 3 },
    id: 'EV_8PKS5dr1SQJs',
    createdAt: '1787074611',
  },
  {
    event: 'track_published',
    room: { sid: STANDUP.sid, name: STANDUP.name },
    participant: { sid: ALICE.sid, identity: ALICE.identity },
    id: 'EV_RV3LSx6B1lbL',
    createdAt: '1787074612',
    track: {
      sid: 'TR_VCk3jq2hPzYwR6',
      type: 'VIDEO',
      width: 1280,
      height: 720,
      source: 'CAMERA',
      mimeType: 'video/VP8',
      mid: '1',
      codecs: [{ mimeType: 'video/VP8', mid: '1', cid: 'cid' }],
      stream: 'camera',
    },
  },
  {
    event: 'participant_left',
    room: STANDUP,
    participant: {
      ...ALICE,
      state: 'DISCONNECTED',
      version: 9,
      isPublisher: true,
      disconnectReason: 'CLIENT_INITIATED',
    },
    id: 'EV_8TK3t3peEzWU',
    createdAt: '1787074700',
  },
  {
    event: 'participant_connection_aborted',
    room: STANDUP,
    participant: {
      ...{ sid: 'PA_other', identity: 'bob', state: 'DISCONNECTED', name: 'Bob', version: 3 },
      ...{ joinedAt: '1787074690', joinedAtMs: '1787074690203', disconnectReason: 'JOIN_FAILURE' },
    },
    id: 'EV_MMAiAUuDggvR',
    createdAt: '1787074701',
  },
  { event: 'room_finished', room: STANDUP, id: 'EV_rMffRER5Kozd', createdAt: '1787074720' },
] as const
