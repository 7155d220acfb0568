import type { Page } from 'playwright-core'
import { until } from '../../support/until.ts'
import type { BrowserProcess } from '../browser.ts'
import { PAGE_URL } from '../page-server.ts'
import { JANUS_WS_URL } from './janus-server.ts'

export type VideoCodec = 'vp8' | 'vp9' | 'h264'

export interface Joining {
  room: number
  display?: string
  opaqueId?: string
  /** Without it nothing is published. */
  videoCodec?: VideoCodec
}

/** The end of a stay, as Janus tells it to the others in the room. The end of a room names no participant. */
export interface Heard {
  end: 'leaving' | 'kicked' | 'destroyed'
  /** Janus's id of the participant, or `'ok'` if the page itself left. */
  id?: number | 'ok'
  atMs: number
}

/** Opens a tab with the page of a participant. page.js has the functions of the page. */
export async function openTab(browser: BrowserProcess): Promise<Tab> {
  return new Tab(await browser.openPage(PAGE_URL))
}

export class Tab {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  join(joining: Joining): Promise<{ id: number; joinedAtMs: number }> {
    return this.#call('join', { url: JANUS_WS_URL, ...joining })
  }

  /** The MIME types of the tracks that are sent, once packets of `count` tracks were sent. */
  mimeTypesSent(count: number): Promise<string[]> {
    return until(`packets of ${count} tracks to go out`, 15_000, async () => {
      const types = await this.#call<string[]>('mimeTypesSent')
      return types.length === count ? types : undefined
    })
  }

  /** Subscribes to another participant, and waits until media arrives. */
  async listenTo(id: number): Promise<void> {
    await this.#call('listenTo', { id })
    await until('a listener to receive packets', 15_000, async () =>
      (await this.#call<number>('packetsReceived')) > 0 ? true : undefined,
    )
  }

  /** Waits until Janus tells the page of the end of a stay or of the room. */
  hears(isIt: (heard: Heard) => boolean): Promise<Heard> {
    return until('Janus to tell those in the room of an end', 25_000, async () =>
      (await this.#call<Heard[]>('endsHeard')).find(isIt),
    )
  }

  leave(): Promise<number> {
    return this.#call('leave')
  }

  /** Resolves to the moment. */
  async close(): Promise<number> {
    const atMs = Date.now()
    await this.#page.close({ runBeforeUnload: true })
    return atMs
  }

  #call<T>(name: string, argument?: object): Promise<T> {
    return this.#page.evaluate<T>(`${name}(${JSON.stringify(argument ?? {})})`)
  }
}
