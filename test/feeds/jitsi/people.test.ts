import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf, servedParticipants, servedRooms } from '../served.ts'
import { jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { START_SEC } from './stories.ts'

const room = jitsiRoom('catchup')

/** JIDs that join, and the kind of each participant. */
const KINDS = {
  '14f01c40-5195-4a4d-8efb-f58b49d18741@meet.test/OWhl8jSh': 'person',
  'recorderella@meet.test/1': 'person',
  'jibril@meet.test/2': 'person',
  'focus-group@meet.test/3': 'person',
  'recorder@recorder.meet.test/rec-1': 'recorder',
  'any@hidden.meet.test/rec-2': 'recorder',
  'jibri@auth.meet.test/jibri-nick': 'recorder',
  'jibri-7@auth.meet.test/x': 'recorder',
  'transcriber@recorder.meet.test/trans': 'recorder',
  'jigasi@auth.meet.test/sip-1': 'sip',
  'jigasi-2@auth.meet.test/sip-2': 'sip',
  'focus@auth.meet.test/focus': 'other',
  'jvb@auth.meet.test/jvb-1': 'other',
} as const

test('recorders, transcribers and the focus are listed by kind and not counted, callers of Jigasi are counted', async t => {
  const server = await jitsiServer(t)
  for (const [index, jid] of Object.keys(KINDS).entries()) {
    await tellJitsi(server, room.joined(occupant('any', START_SEC + index, undefined, { occupant_jid: jid })))
  }
  const [listed] = await servedRooms(server)
  const people = await servedParticipants(server, listed?.room_sid ?? '')
  const shown = people.map(({ properties: { native_participant_sid, kind, counted } }) => [
    ...[native_participant_sid, kind, counted],
  ])
  assert.deepEqual(
    shown,
    Object.entries(KINDS).map(([jid, kind]) => [jid, kind, kind === 'person' || kind === 'sip']),
  )
  assert.equal(listed?.unique_participants, 6)
  assert.equal(listed?.concurrent_participants, 6)
})

/** What the module says of a person, with the identity and the display name that follow. */
const IDENTITIES = [
  [{ id: '42', email: 'ann@acme.test', name: 'Ann' }, '42', 'Ann'],
  [{ email: 'ann@acme.test', name: 'Ann' }, 'uuid@meet.test', 'Ann'],
  [{ name: 'Ann' }, 'uuid@meet.test', 'Ann'],
  [{}, 'uuid@meet.test', null],
  [{ id: '', email: '', name: '' }, 'uuid@meet.test', null],
] as const

test('the identity is the id, else the bare JID', async t => {
  for (const [told, identity, displayName] of IDENTITIES) {
    const server = await jitsiServer(t)
    await tellJitsi(
      server,
      room.joined({ occupant_jid: 'uuid@meet.test/nick', joined_at: START_SEC, ...told }),
    )
    const [listed] = await servedRooms(server)
    const [one] = await servedParticipants(server, listed?.room_sid ?? '')
    assert.deepEqual([one?.participant_identity, one?.properties.display_name], [identity, displayName])
  }
})

test('e-mails, addresses and secrets are not kept', async t => {
  const server = await jitsiServer(t)
  const more = { email: 'ann@acme.test', ip: '192.0.2.7', avatar: 'https://acme.test/face', token: 'hush' }
  const ann = occupant('ann', START_SEC, START_SEC + 9, more)
  const { id: _, ...guest } = ann
  const payloads = [room.joined(ann), room.left(guest), room.destroyed(START_SEC, START_SEC + 9, [guest])]
  await tellJitsi(server, ...payloads)
  const natives = await rowsOf(server, 'select native from events union all select native from feed_payloads')
  const texts = natives.map(row => String(row['native']))
  assert.ok(texts.filter(text => text.includes('ann-jid@meet.test')).length >= payloads.length)
  for (const text of texts) assert.doesNotMatch(text, /acme\.test|192\.0\.2\.7|hush/)
})
