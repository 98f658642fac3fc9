import removeIcon from 'bootstrap-icons/icons/x-lg.svg?raw';
import { useState } from 'preact/hooks';
import { useTexts } from '../insight/admin-texts.ts';
import { Icon } from '../shared/icon.tsx';
import { useTools } from '../shared/section.tsx';
import { Failure, useAction } from '../shared/states.tsx';
import type { Media } from './day-message.ts';

const KINDS = 'image/*,video/*,audio/*,application/pdf';

export function Attachments({ files, change }: { files: Media[]; change: (files: Media[]) => void }) {
  const t = useTexts();
  const { api } = useTools();
  const action = useAction();
  const [share, setShare] = useState(0);
  const upload = (file: File) =>
    action.run(async () => {
      setShare(0);
      change([...files, await api.upload<Media>('/admin/upload-media', file, setShare)]);
    });
  return (
    <fieldset>
      <legend>{t('attachments')}</legend>
      <ul class="files">
        {files.map(file => (
          <li key={file.filename} class="row">
            <span dir="auto">{file.originalName}</span>
            <button
              type="button"
              class="quiet"
              aria-label={t('removeFile', { name: file.originalName })}
              onClick={() => change(files.filter(other => other !== file))}
            >
              <Icon svg={removeIcon} />
            </button>
          </li>
        ))}
      </ul>
      <label>
        {t('addFile')}
        <input
          type="file"
          accept={KINDS}
          disabled={action.busy}
          onChange={event => {
            const input = event.currentTarget;
            const [file] = input.files ?? [];
            if (file) void upload(file).then(() => (input.value = ''));
          }}
        />
      </label>
      {action.busy && <progress max={1} value={share} aria-label={t('attachments')} />}
      {action.error !== null && <Failure error={action.error} />}
    </fieldset>
  );
}
