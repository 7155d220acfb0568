const CODECS = ['VP8', 'H264', 'VP9', 'opus']

/** Codecs by the names and in the order of the contract; Opus with or without redundancy is opus. */
export function codecsSent(mimeTypes: string[]): string[] {
  const sent = mimeTypes.map(type => type.split('/')[1])
  return CODECS.filter(codec => sent.includes(codec) || (codec === 'opus' && sent.includes('red')))
}
