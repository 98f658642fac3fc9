import offlineIcon from 'bootstrap-icons/icons/wifi-off.svg?raw';
import expiredIcon from 'bootstrap-icons/icons/hourglass-bottom.svg?raw';
import type { ComponentChildren } from 'preact';
import { expired, offline } from './api.ts';
import { EmergencyStop } from './emergency-stop.tsx';
import { Icon } from './icon.tsx';
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES } from './language.ts';
import type { Language } from './language.ts';
import { useCommonTexts } from './section.tsx';
import { useFollowed } from './signals.ts';
import type { CommonKey } from './texts/en.ts';

const MEMBER_PAGES: [string, CommonKey][] = [
  ['/follow-ups', 'navFollowUps'],
  ['/connection', 'navConnection'],
];
const ADMIN_PAGES: [string, CommonKey][] = [['/admin/messages', 'navMessages']];

export function Layout({
  heading,
  forAdmins,
  children,
}: {
  heading: string;
  forAdmins: boolean;
  children: ComponentChildren;
}) {
  const t = useCommonTexts();
  return (
    <>
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <header>
        <strong>Relance</strong>
        <Navigation pages={forAdmins ? ADMIN_PAGES : MEMBER_PAGES} />
        <LanguageChoice />
      </header>
      <main id="content" class={forAdmins ? 'wide' : ''}>
        <Banners />
        <EmergencyStop forAdmins={forAdmins} />
        <h1>{heading}</h1>
        {children}
      </main>
    </>
  );
}

function Navigation({ pages }: { pages: [string, CommonKey][] }) {
  const t = useCommonTexts();
  // Whoever connects for the first time has nowhere else to go.
  if (location.pathname === '/connect') return <span class="grow" />;
  return (
    <nav aria-label={t('navigation')} class="grow">
      {pages.map(([path, key]) => (
        <a key={path} href={path} {...(path === location.pathname ? { 'aria-current': 'page' } : {})}>
          {t(key)}
        </a>
      ))}
    </nav>
  );
}

function LanguageChoice() {
  const t = useCommonTexts();
  return (
    <select
      aria-label={t('language')}
      value={useFollowed(language)}
      onChange={event => chooseLanguage(event.currentTarget.value as Language)}
    >
      {LANGUAGES.map(code => (
        <option key={code} value={code} lang={code}>
          {LANGUAGE_NAMES[code]}
        </option>
      ))}
    </select>
  );
}

function Banners() {
  const t = useCommonTexts();
  const isExpired = useFollowed(expired);
  const isOffline = useFollowed(offline);
  return (
    <div role="status" aria-live="polite">
      {isExpired && (
        <p class="note bad">
          <Icon svg={expiredIcon} /> {t('expired')}
        </p>
      )}
      {isOffline && !isExpired && (
        <p class="note bad">
          <Icon svg={offlineIcon} /> {t('offline')}
        </p>
      )}
    </div>
  );
}

/** Without a token of ours there is nothing to show. */
export function NeedsLink({ forAdmins }: { forAdmins: boolean }) {
  const t = useCommonTexts();
  return (
    <>
      <header>
        <strong>Relance</strong>
        <span class="grow" />
        <LanguageChoice />
      </header>
      <main id="content">
        <h1>{t('needsLinkTitle')}</h1>
        <p>{t(forAdmins ? 'adminsOnly' : 'needsLink')}</p>
      </main>
    </>
  );
}
