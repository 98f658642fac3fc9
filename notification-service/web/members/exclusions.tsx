import { PhoneInput } from '../shared/phone-input.tsx';
import { useTools } from '../shared/section.tsx';
import { Empty, Failure, Loaded, useAction, useKept, useLoad } from '../shared/states.tsx';
import { useTexts } from './member-texts.ts';

interface Exclusion {
  id: string;
  phone: string | null;
  userId: string | null;
}

/** People this member never wants to be written to. */
export function Exclusions() {
  const t = useTexts();
  const { api } = useTools();
  const load = useLoad(() => api.get<Exclusion[]>('/exclusions'), [api]);
  const action = useAction();
  const [phone, setPhone] = useKept('exclusion');
  const add = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      await api.post('/exclusions', { phone });
      setPhone('');
      await load.reload();
    });
  };
  const remove = ({ phone: number, userId }: Exclusion) =>
    action.run(async () => {
      await api.delete('/exclusions', {
        ...(number ? { phone: `+${number}` } : {}),
        ...(userId ? { userId } : {}),
      });
      await load.reload();
    });
  return (
    <>
      <form onSubmit={add}>
        <label>
          {t('excludePhone')}
          <PhoneInput value={phone} typed={setPhone} />
        </label>
        <button class="quiet" disabled={action.busy}>
          {t('exclude')}
        </button>
        {action.error !== null && <Failure error={action.error} />}
      </form>
      <Loaded load={load} lines={1}>
        {list =>
          list.length === 0 ? (
            <Empty>{t('noExclusions')}</Empty>
          ) : (
            <ul class="people">
              {list.map(one => (
                <li key={one.id} class="row between">
                  <bdi>{one.phone === null ? one.userId : `+${one.phone}`}</bdi>
                  <button type="button" class="quiet" disabled={action.busy} onClick={() => void remove(one)}>
                    {t('allowAgain')}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
