import fileIcon from 'bootstrap-icons/icons/file-earmark-text.svg?raw';
import { Icon } from '../shared/icon.tsx';
import type { Part } from '../shared/shapes.ts';

/** One WhatsApp message, as the person who gets it sees it. */
export const Bubble = ({ part }: { part: Part }) => (
  <div class="bubble" dir="auto">
    {part.media && <Attachment kind={part.kind} media={part.media} />}
    {part.text}
  </div>
);

function Attachment({ kind, media }: { kind: Part['kind']; media: NonNullable<Part['media']> }) {
  const address = here(media.url);
  if (kind === 'image') return <img src={address} alt="" loading="lazy" />;
  if (kind === 'video') return <video src={address} controls preload="none" />;
  if (kind === 'audio') return <audio src={address} controls preload="none" />;
  return (
    <a href={address} target="_blank" rel="noreferrer">
      <Icon svg={fileIcon} /> {media.filename ?? ''}
    </a>
  );
}

/** Files are ours: taken from where this page came from, whatever public name the address has. */
function here(url: string): string {
  const { pathname } = new URL(url, location.href);
  return pathname;
}
