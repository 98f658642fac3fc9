/** One of Bootstrap's icons, imported as text (`?raw`); it says nothing that the words beside it do not say. */
export const Icon = ({ svg }: { svg: string }) => (
  <span class="icon" aria-hidden="true" dangerouslySetInnerHTML={{ __html: svg }} />
);
