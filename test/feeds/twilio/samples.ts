/**
 * Requests and signatures from Twilio's documentation (docs/usage/security). npm twilio 6.2.0 computes the same
 * signatures.
 */
export const SIGNATURE_VECTORS = [
  {
    authToken: '12345',
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    params: {
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675309',
      Digits: '1234',
      From: '+14158675309',
      To: '+18005551212',
    },
    signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  },
  {
    authToken: '12345',
    url: 'https://example.com/myapp.php?foo=1&bar=2',
    params: {
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675310',
      Digits: '1234',
      From: '+14158675310',
      To: '+18005551212',
    },
    signature: 'L/OH5YylLD5NRKLltdqwSvS0BnU=',
  },
] as const

/** Sent by Twilio in 2017: github.com/twilio/twilio-video.js issue 147, where AccountSid is masked. */
export const DISCONNECTED_2017 = {
  RoomName: 'c5b44c14-2ca3-4224-b0e7-54388f96b852',
  StatusCallbackEvent: 'participant-disconnected',
  RoomStatus: 'in-progress',
  ParticipantIdentity: '16',
  Timestamp: '2017-08-09T09:18:04.195Z',
  ParticipantSid: 'PA1fddfabdfeded034e9997c60869b3d05',
  SequenceNumber: '7',
  RoomSid: 'RM79615c6d57206a6c1f80b8018895e220',
  ParticipantStatus: 'disconnected',
  ParticipantDuration: '0',
} as const
