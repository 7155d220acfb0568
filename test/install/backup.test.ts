import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { documentedCode, holdRestored, SETTINGS_OF_BACKUPS } from '../support/backup.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'
import { startServe } from '../support/running-server.ts'

const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }

suite('a backup made and restored as documented gives the same answers', {
  concurrency: 2,
}, () => {
  for (const [program, backup] of Object.entries({ sqlite3: '".backup', node: 'umask 077; node' })) {
    test(`by ${program}`, async t => {
      const cwd = await temporaryFolder(t)
      const shell = (code: string) => runProgram({ cwd, args: ['-c', code], command: ['sh'], env })
      if ((await shell(`command -v ${program}`)).exitCode !== 0) return t.skip(`There is no ${program} here.`)
      const run = async (code: string) =>
        assert.deepEqual(await shell(code), { exitCode: 0, stdout: '', stderr: '' })
      await holdRestored({
        start: () => startServe(t, { cwd, env: SETTINGS_OF_BACKUPS }),
        async backUp() {
          await run(documentedCode('sh', backup))
          assert.equal((await stat(join(cwd, 'backup.db'))).mode & 0o777, 0o600)
        },
        async restore(server) {
          // A kill leaves a write-ahead log behind, which must not be applied to the copy.
          await server.stop('SIGKILL')
          await run(documentedCode('sh', 'cp backup.db'))
          return await startServe(t, { cwd, env: SETTINGS_OF_BACKUPS })
        },
      })
    })
  }
})
