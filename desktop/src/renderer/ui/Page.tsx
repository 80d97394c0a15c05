import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Page.module.css';

interface PageProps {
  title: ReactNode;
  /** Beside the title: buttons, a search field. */
  actions?: ReactNode;
  /** Under the title and above what scrolls: a toolbar, filters. */
  toolbar?: ReactNode;
  /** Before the title: a way back. */
  before?: ReactNode;
  /**
   * What scrolls: everything under the header, or something within the children (a virtual list), which fill the rest
   * of the window then.
   */
  scroll?: 'page' | 'content';
  /** The most that the content is wide; settings are easier to read in a column. */
  width?: 'full' | 'column';
  children: ReactNode;
}

/** A view of the app: its one h1, what can be done with it, and its content. */
export function Page({
  title,
  actions,
  toolbar,
  before,
  scroll = 'page',
  width = 'full',
  children,
}: PageProps) {
  return (
    <div className={classes.page} data-width={width}>
      <header className={classes.header}>
        <div className={classes.heading}>
          {before}
          <Title order={1} tabIndex={-1} className={classes.title}>
            {title}
          </Title>
          {actions !== undefined && <div className={classes.actions}>{actions}</div>}
        </div>
        {toolbar}
      </header>
      <div className={classes.body} data-scroll={scroll}>
        {scroll === 'page' ? <div className={classes.content}>{children}</div> : children}
      </div>
    </div>
  );
}
