import { IconMovie } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './Cover.module.css';

/** The picture of a video, or a place for it. `onFailed` is told where it is there and cannot be had. */
export function Cover({ url, onFailed }: { url: string | null; onFailed?: () => void }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (url === null || url === failed) {
    return (
      <span className={classes.cover}>
        <IconMovie size={32} stroke={1.25} aria-hidden />
      </span>
    );
  }
  const giveUp = (): void => {
    setFailed(url);
    onFailed?.();
  };
  return (
    <span className={classes.cover}>
      <img className={classes.picture} src={url} alt="" loading="lazy" decoding="async" onError={giveUp} />
    </span>
  );
}
