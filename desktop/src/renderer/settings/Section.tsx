import { Paper, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './Settings.module.css';

/** Settings that belong together. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <Title order={2} id={id} mb={8}>
        {title}
      </Title>
      <Paper withBorder className={classes.card ?? ''}>
        {children}
      </Paper>
    </section>
  );
}
