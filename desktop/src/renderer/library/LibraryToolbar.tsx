import { ActionIcon, Group, Loader, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback, useHotkeys } from '@mantine/hooks';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './LibraryToolbar.module.css';
import { libraryStore, useLibrary } from './libraryStore.ts';
import { SORTS, STATUS_FILTERS } from './query.ts';

const SEARCH_AFTER_MS = 300;
/** As the API takes it. */
const SEARCH_CHARACTERS = 100;

/** What narrows and orders the library. */
export function LibraryToolbar() {
  const { t } = useTranslation('library');
  const query = useLibrary((state) => state.query);
  const { setQuery } = libraryStore.getState();
  const states = STATUS_FILTERS.map((value) => ({ value, label: t(`filter.${value}`) }));
  const sorts = SORTS.map((value) => ({ value, label: t(`sort.${value}`) }));
  return (
    <Group className={classes.toolbar ?? ''} gap="xs" wrap="nowrap">
      <SearchField />
      <Select
        className={classes.choice ?? ''}
        aria-label={t('filter.label')}
        data={states}
        value={query.status}
        allowDeselect={false}
        onChange={(value) => {
          const status = STATUS_FILTERS.find((one) => one === value);
          if (status !== undefined) setQuery({ status });
        }}
      />
      <Select
        className={classes.choice ?? ''}
        aria-label={t('sort.label')}
        data={sorts}
        value={query.sort}
        allowDeselect={false}
        onChange={(value) => {
          const sort = SORTS.find((one) => one === value);
          if (sort !== undefined) setQuery({ sort });
        }}
      />
    </Group>
  );
}

function SearchField() {
  const { t } = useTranslation('library');
  const search = useLibrary((state) => state.query.search);
  const outdated = useLibrary((state) => state.outdated);
  const [text, setText] = useState(search);
  const field = useRef<HTMLInputElement>(null);
  const searchSoon = useDebouncedCallback((wanted: string) => {
    libraryStore.getState().setQuery({ search: wanted.trim() });
  }, SEARCH_AFTER_MS);
  const change = (wanted: string): void => {
    setText(wanted);
    searchSoon(wanted);
  };
  const clear = (): void => {
    change('');
    searchSoon.flush();
    field.current?.focus();
  };
  // it was cleared from elsewhere
  useEffect(() => {
    if (search === '') setText((shown) => (shown.trim() === '' ? shown : ''));
  }, [search]);
  useHotkeys([['mod+F', () => field.current?.select()]], []);

  return (
    <TextInput
      ref={field}
      className={classes.search ?? ''}
      type="search"
      aria-label={t('search.label')}
      placeholder={t('search.placeholder')}
      maxLength={SEARCH_CHARACTERS}
      value={text}
      leftSection={outdated ? <Loader size={14} /> : <IconSearch size={18} stroke={1.75} aria-hidden />}
      rightSection={
        text === '' ? null : (
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('search.clear')} onClick={clear}>
            <IconX size={16} stroke={1.75} />
          </ActionIcon>
        )
      }
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && text !== '') clear();
        if (event.key === 'Enter') searchSoon.flush();
      }}
    />
  );
}
