import { type Browser, chromium, type Page } from 'playwright-core'
import { until } from '../support/until.ts'
import { LIVEKIT_URL } from './livekit-server.ts'
import { PAGE_URL } from './page-server.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
]

export interface Joined {
  participantSid: string
  roomSid: string
  joinedAtMs: number
}

export interface Disconnection {
  atMs: number
  /** A name of LiveKit's `DisconnectReason`. */
  reason: string
}

/** A browser and its processes, which can be killed like in a crash. */
export interface BrowserProcess {
  openTab(): Promise<Tab>
  /** Opens a tab with the page at this address. */
  openPage(url: string): Promise<Page>
  /** Sends SIGKILL to all of its processes. Resolves to that moment. */
  kill(): number
  stop(): Promise<void>
}

export async function openBrowser(executablePath: string): Promise<BrowserProcess> {
  const server = await chromium.launchServer({ executablePath, args: FLAGS, headless: true })
  const browser = await chromium.connect(server.wsEndpoint())
  return {
    openTab: async () => new Tab(await openPage(browser, PAGE_URL)),
    openPage: url => openPage(browser, url),
    kill() {
      const { pid } = server.process()
      if (pid === undefined) throw new Error('The browser has no process')
      process.kill(-pid, 'SIGKILL') // playwright starts each browser as the leader of its own process group
      return Date.now()
    },
    async stop() {
      await browser.close()
      await server.close()
    },
  }
}

/** A tab with the page of a participant. page.js has the functions of the page. */
export class Tab {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  join(args: { token: string; videoCodec?: 'vp8' | 'h264' }): Promise<Joined> {
    return this.#call<Joined>('join', { url: LIVEKIT_URL.replace('http', 'ws'), ...args })
  }

  /** The MIME types of the tracks that are sent, once packets of `count` tracks were sent. */
  mimeTypesSent(count: number): Promise<string[]> {
    return until(`packets of ${count} tracks to go out`, 15_000, async () => {
      const types = await this.#call<string[]>('mimeTypesSent')
      return types.length === count ? types : undefined
    })
  }

  async untilSees(others: number): Promise<void> {
    await until(`a participant to see ${others} others`, 15_000, async () =>
      (await this.#call<number>('othersSeen')) === others ? true : undefined,
    )
  }

  leave(): Promise<number> {
    return this.#call<number>('leave')
  }

  disconnection(): Promise<Disconnection> {
    return this.#call<Disconnection>('disconnection')
  }

  /** Reloads the page, so that it loses its room. Resolves to the moment of the reload. */
  async reload(): Promise<number> {
    const atMs = Date.now()
    await this.#page.reload()
    return atMs
  }

  /** Closes the tab as a person does, so that the page gets its unload events. Resolves to that moment. */
  async close(): Promise<number> {
    const atMs = Date.now()
    const closed = this.#page.waitForEvent('close')
    await this.#page.close({ runBeforeUnload: true })
    await closed
    return atMs
  }

  #call<T>(name: string, argument?: object): Promise<T> {
    return this.#page.evaluate<T>(`${name}(${JSON.stringify(argument ?? {})})`)
  }
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  return page
}
