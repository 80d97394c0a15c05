import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { countWaiting, countWorkers, sumSpeed } from '../../engine/farmFigures.ts';
import { useFormats } from '../format/useFormats.ts';
import classes from './Farm.module.css';

interface TileProps {
  name: string;
  figure: string;
  note: string;
}

function Tile({ name, figure, note }: TileProps) {
  return (
    <div className={classes.tile}>
      <dt>{name}</dt>
      <dd className={classes.figure}>{figure}</dd>
      <dd className={classes.note}>{note}</dd>
    </div>
  );
}

/** Six figures about the farm. */
export function FarmTiles({ farm }: { farm: Farm }) {
  const tiles = [
    useWorkers(farm),
    useQueueDepth(farm),
    useWaiting(farm),
    useThroughput(farm),
    useSpeed(farm),
    useDrain(farm),
  ];
  return (
    <dl className={classes.tiles} style={{ margin: 0 }}>
      {tiles.map((tile) => (
        <Tile key={tile.name} {...tile} />
      ))}
    </dl>
  );
}

function useWorkers({ workers }: Farm): TileProps {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  const { working, busy } = countWorkers(workers);
  const idle = working - busy;
  const note =
    idle === 0 ? t('tile.workersAllBusy') : t('tile.workersIdle', { count: idle, formatted: count(idle) });
  return {
    name: t('tile.workers'),
    figure: working === 0 ? count(0) : t('tile.workersOf', { busy: count(busy), all: count(working) }),
    note: working === 0 ? t('tile.workersNone') : note,
  };
}

function useQueueDepth({ queue }: Farm): TileProps {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  const name = t('tile.queue');
  if (queue === null) return { name, figure: t('unknown'), note: t('tile.queueUnknown') };
  const { ready, consumers } = queue;
  const note = t('tile.queueNote', { count: consumers, formatted: count(consumers) });
  return { name, figure: count(ready), note };
}

function useWaiting(farm: Farm): TileProps {
  const { t } = useTranslation('farm');
  const { count, eta } = useFormats();
  const { oldest_pending_seconds: oldest } = farm;
  const note = oldest === null ? t('tile.waitingNone') : t('tile.waitingNote', { time: eta(oldest) });
  return { name: t('tile.waiting'), figure: count(countWaiting(farm)), note };
}

function useThroughput({ throughput: { tasks, seconds } }: Farm): TileProps {
  const { t } = useTranslation('farm');
  const { count, eta } = useFormats();
  const perMinute = (tasks / seconds) * 60;
  const formatted = perMinute < 10 ? String(Math.round(perMinute * 10) / 10) : count(perMinute);
  const note = t('tile.throughputNote', { count: tasks, formatted: count(tasks), time: eta(seconds) });
  return { name: t('tile.throughput'), figure: t('tile.perMinute', { formatted }), note };
}

function useSpeed({ workers }: Farm): TileProps {
  const { t } = useTranslation('farm');
  const speed = sumSpeed(workers);
  const name = t('tile.speed');
  if (speed === null) return { name, figure: '–', note: t('tile.speedNone') };
  return { name, figure: t('tile.speedFigure', { formatted: speed.toFixed(1) }), note: t('tile.speedNote') };
}

function useDrain(farm: Farm): TileProps {
  const { t } = useTranslation('farm');
  const { eta } = useFormats();
  const name = t('tile.drain');
  const { drain_seconds: seconds } = farm;
  if (seconds === null) {
    const isIdle = countWorkers(farm.workers).working === 0;
    return { name, figure: t('unknown'), note: isIdle ? t('tile.drainNoWorkers') : t('tile.drainUnknown') };
  }
  if (seconds === 0) return { name, figure: t('tile.drainNow'), note: t('tile.drainNothing') };
  return { name, figure: eta(seconds), note: t('tile.drainNote') };
}
