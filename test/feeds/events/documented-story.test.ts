import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocument } from '../../support/markdown.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { servedParticipant, servedRooms } from '../served.ts'
import { postCloudEvents } from './cloud-events.ts'

const PAGE = join(import.meta.dirname, '../../../docs/feeds/events.md')

test('what the page of this feed says to paste makes a room with ann in it', async t => {
  const server = await testServer(t)
  const texts = readDocument(PAGE).blocks.flatMap(
    ({ text }) => /<<END\n([\s\S]*?)\nEND/.exec(text)?.[1] ?? [],
  )
  assert.equal(texts.length, 1)
  const batch = texts.join('').replaceAll('$(date -u +%FT%TZ)', new Date(NOW_MS).toISOString())
  const response = await postCloudEvents(server, batch)
  assert.equal(response.body, '{"events":2,"duplicates":0}')
  const [room] = await servedRooms(server)
  assert.deepEqual([room?.room_name, room?.room_status], ['demo', 'in_progress'])
  assert.equal((await servedParticipant(server, room?.room_sid ?? '')).participant_identity, 'ann')
})
