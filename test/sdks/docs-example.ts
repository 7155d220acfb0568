import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes an example of docs/sdks.md to a file, with address, account SID, token and room SID put in. */
export async function writeDocsExample(args: {
  language: string
  file: string
  baseUrl: string
  accountSid: string
  authToken: string
  roomSid: string
}): Promise<void> {
  const url = new URL(args.baseUrl)
  let example = await readExample(args.language)
  for (const [printed, real] of [
    ['https://rollcall.example.com', args.baseUrl],
    ['"https", "rollcall.example.com"', `"${url.protocol.slice(0, -1)}", "${url.host}"`],
    [`AC${'x'.repeat(32)}`, args.accountSid],
    [`RM${'x'.repeat(32)}`, args.roomSid],
    ['your_auth_token', args.authToken],
  ] as const) {
    example = example.replaceAll(printed, real)
  }
  await writeFile(args.file, example)
}

async function readExample(language: string): Promise<string> {
  const document = await readFile(join(import.meta.dirname, '../../docs/sdks.md'), 'utf8')
  const example = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(document)?.[1]
  if (example === undefined) throw new Error(`docs/sdks.md has no example in ${language}`)
  return example
}
