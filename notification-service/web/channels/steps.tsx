import phoneIcon from 'bootstrap-icons/icons/phone.svg?raw';
import linkedIcon from 'bootstrap-icons/icons/laptop.svg?raw';
import scanIcon from 'bootstrap-icons/icons/qr-code-scan.svg?raw';
import typeIcon from 'bootstrap-icons/icons/123.svg?raw';
import { Icon } from '../shared/icon.tsx';
import { useTexts } from './texts/connect-texts.ts';

/** Three pictures of what to do on the phone. */
export function Steps({ way }: { way: 'qr' | 'code' }) {
  const t = useTexts();
  const steps = [
    { icon: phoneIcon, text: t('step1') },
    { icon: linkedIcon, text: t(way === 'qr' ? 'step2' : 'step2code') },
    { icon: way === 'qr' ? scanIcon : typeIcon, text: t(way === 'qr' ? 'step3' : 'step3code') },
  ];
  return (
    <>
      <h2>{t('steps')}</h2>
      <ol class="steps">
        {steps.map(({ icon, text }, index) => (
          <li key={index}>
            <Icon svg={icon} />
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
