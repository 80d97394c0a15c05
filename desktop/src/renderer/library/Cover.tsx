import { IconMovie } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './Cover.module.css';

/** The cover of a video, or a placeholder. `onFailed` is called where the image cannot be loaded. */
export function Cover({ url, onFailed }: { url: string | null; onFailed?: () => void }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (url === null || url === failed) {
    return (
      <span className={classes.cover}>
        <IconMovie size={32} stroke={1.25} aria-hidden />
      </span>
    );
  }
  const hide = (): void => {
    setFailed(url);
    onFailed?.();
  };
  return (
    <span className={classes.cover}>
      <img className={classes.picture} src={url} alt="" loading="lazy" decoding="async" onError={hide} />
    </span>
  );
}
