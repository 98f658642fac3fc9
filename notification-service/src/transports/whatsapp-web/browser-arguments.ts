/** Where the stand-in WhatsApp Web page is served; only ever used with a simulated network. */
export interface StandInPage {
  port: number;
  /** Base64 SHA-256 of its public key: the browser trusts this key and no other that is not known. */
  spki: string;
}

/** What was measured to cost least without giving up isolation. Never: web security off, one process, any certificate. */
const LEAN = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--mute-audio',
  '--renderer-process-limit=1',
  '--disable-site-isolation-trials',
  '--disk-cache-size=52428800',
];

const FEATURES_OFF = [
  'IsolateOrigins',
  'site-per-process',
  'SpareRendererForSitePerProcess',
  'AudioServiceOutOfProcess',
];
/** A pinned page comes from memory, and such a page may not speak to this machine, where its stand-in server is. */
const STAND_IN_FEATURES_OFF = ['LocalNetworkAccessChecks', 'LocalNetworkAccessChecksWebSockets'];

/** The arguments of one session's browser. `sandbox` is off only where the machine cannot have one (containers). */
export function browserArguments({
  sandbox,
  standIn,
}: {
  sandbox: boolean;
  standIn: StandInPage | null;
}): string[] {
  return [
    ...LEAN,
    `--disable-features=${[...FEATURES_OFF, ...(standIn ? STAND_IN_FEATURES_OFF : [])].join(',')}`,
    ...(sandbox ? [] : ['--no-sandbox']),
    ...(standIn === null
      ? []
      : [
          `--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:${standIn.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
          `--ignore-certificate-errors-spki-list=${standIn.spki}`,
        ]),
  ];
}

/** The installed browser's own name on a usual desktop; the library's default pretends an old Chrome on a Mac. */
export const userAgentFor = (majorVersion: number): string =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${majorVersion}.0.0.0 Safari/537.36`;
