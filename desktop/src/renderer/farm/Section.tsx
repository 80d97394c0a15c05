import { Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './Farm.module.css';

interface SectionProps {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A part of the farm with its heading. */
export function Section({ title, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <div className={classes.sectionHead}>
        <Title order={2} id={id}>
          {title}
        </Title>
        {actions}
      </div>
      <div className={classes.sectionBody}>{children}</div>
    </section>
  );
}

/** A text about a section, or in place of empty content. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={classes.about}>{children}</p>;
}
