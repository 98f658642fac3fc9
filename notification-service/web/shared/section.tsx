import { createContext, render } from 'preact';
import type { ComponentType } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { createApi } from './api.ts';
import type { Api } from './api.ts';
import { directionOf, language } from './language.ts';
import type { Language } from './language.ts';
import { Layout, NeedsLink } from './layout.tsx';
import { followLive } from './live.ts';
import type { Live } from './live.ts';
import './page.css';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { useFollowed } from './signals.ts';
import { translator } from './texts.ts';
import type { TextFiles, Translate } from './texts.ts';
import type { CommonKey } from './texts/en.ts';

export interface PageTools {
  api: Api;
  live: Live;
  session: Session;
  language: Language;
}

const commonFiles: TextFiles<CommonKey> = {
  en: () => import('./texts/en.ts'),
  fr: () => import('./texts/fr.ts'),
  es: () => import('./texts/es.ts'),
  pt: () => import('./texts/pt.ts'),
  ar: () => import('./texts/ar.ts'),
};

const Tools = createContext<PageTools | null>(null);
const Texts = createContext<Translate<string> | null>(null);

function present<T>(value: T | null): T {
  if (value === null) throw new Error('Only inside a page.');
  return value;
}
export const useTools = (): PageTools => present(useContext(Tools));
/** The texts that every page has. */
export const useCommonTexts = (): Translate<CommonKey> => present(useContext(Texts));

/** Pages that share their texts: `title` stands in the tab. */
export function createSection<Key extends string>(files: TextFiles<Key>) {
  type Keys = Key | CommonKey;
  const start = (Page: ComponentType, options: { title: Keys; forAdmins?: boolean }): void => {
    // Asked for at once, whatever else is still on its way.
    const session = openSession();
    document.body.replaceChildren();
    render(<Shell {...options} Page={Page} session={session} />, document.body);
  };

  function Shell({
    Page,
    session,
    title,
    forAdmins = false,
  }: {
    Page: ComponentType;
    session: Session | null;
    title: Keys;
    forAdmins?: boolean;
  }) {
    const shown = useFollowed(language);
    const [loaded, setLoaded] = useState<{ language: Language; t: Translate<Keys> } | null>(null);
    useEffect(() => {
      void loadTexts(shown, files).then(t => setLoaded({ language: shown, t }));
    }, [shown]);
    const [tools] = useState(() => session && toolsOf(session));
    useEffect(() => {
      if (!loaded) return;
      document.documentElement.lang = loaded.language;
      document.documentElement.dir = directionOf(loaded.language);
      document.title = `${loaded.t(title)} · Relance`;
    }, [loaded, title]);
    if (!loaded) return <main aria-busy="true" class="waiting" />;
    const t: Translate<string> = loaded.t as Translate<string>;
    if (!tools || (forAdmins && !tools.session.isAdmin)) {
      return (
        <Texts.Provider value={t}>
          <NeedsLink forAdmins={forAdmins && tools !== null} />
        </Texts.Provider>
      );
    }
    return (
      <Texts.Provider value={t}>
        <Tools.Provider value={{ ...tools, language: loaded.language }}>
          <Layout heading={loaded.t(title)} forAdmins={forAdmins}>
            <Page />
          </Layout>
        </Tools.Provider>
      </Texts.Provider>
    );
  }

  return { start, useTexts: (): Translate<Keys> => present(useContext(Texts)) };
}

function toolsOf(session: Session): Omit<PageTools, 'language'> {
  const api = createApi(session);
  return { session, api, live: followLive(api) };
}

async function loadTexts<Key extends string>(
  of: Language,
  files: TextFiles<Key>,
): Promise<Translate<Key | CommonKey>> {
  const [common, own] = await Promise.all([commonFiles[of](), files[of]()]);
  return translator<Key | CommonKey>({ ...common.texts, ...own.texts });
}
