import { useTranslation } from 'react-i18next';
import { GAP, type GridLayout } from './gridLayout.ts';
import { CardSkeleton } from './VideoCard.tsx';

const ROWS = 3;

/** The grid while nothing is known of the library. */
export function GridSkeleton({ layout: { columns, rowHeight } }: { layout: GridLayout }) {
  const { t } = useTranslation();
  const places = Array.from({ length: ROWS * columns }, (_, index) => index);
  return (
    <div
      role="status"
      aria-label={t('loading')}
      style={{
        display: 'grid',
        gap: GAP,
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        gridAutoRows: rowHeight - GAP,
      }}
    >
      {places.map((place) => (
        <CardSkeleton key={place} />
      ))}
    </div>
  );
}
