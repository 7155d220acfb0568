import { feeds } from '../feeds/index.ts'
import { accountAdd, accountList, accountRemove, accountRotate } from './account.ts'
import type { Command } from './command.ts'
import { copy } from './copy.ts'
import { demo } from './demo.ts'
import { feedCommands } from './feed.ts'
import { keyAdd, keyList, keyRemove, keyRotate } from './key.ts'
import { migrateCommand } from './migrate.ts'
import { rebuildCommand } from './rebuild.ts'
import { serve } from './serve.ts'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  demo,
  accountAdd,
  accountList,
  accountRemove,
  accountRotate,
  keyAdd,
  keyList,
  keyRemove,
  keyRotate,
  ...feedCommands(feeds),
  migrateCommand,
  rebuildCommand,
  copy,
]
