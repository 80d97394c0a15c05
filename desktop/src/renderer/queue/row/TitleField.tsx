import { TextInput } from '@mantine/core';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { titleFromFileName } from '@reelmill/shared/core/fileNames.ts';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { titleSchema, type UploadSnapshot } from '../../../contracts/desktop.ts';
import { renameRow } from '../model/commands.ts';
import { nameOf } from '../model/formatRow.ts';
import { editTitle, focusRow } from '../model/interaction.ts';

/** The title while it is edited: Enter and blur save it, Escape discards the change. */
export function TitleField({ row }: { row: UploadSnapshot }) {
  const { t } = useTranslation('queue');
  const before = row.title ?? titleFromFileName(row.fileName);
  const [title, setTitle] = useState(before);
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useEffect(() => field.current?.select(), []);

  const finish = (save: boolean): void => {
    if (isDone.current) return;
    isDone.current = true;
    const given = titleSchema.safeParse(title);
    if (save && given.success && given.data !== before) renameRow(row, given.data);
    editTitle(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // the list must not handle the keys of the text field
    event.stopPropagation();
    // while an input method composes, Enter and Escape are its own
    if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    finish(event.key === 'Enter');
    focusRow(row.id);
  };
  return (
    <TextInput
      ref={field}
      size="xs"
      maw={480}
      autoFocus
      value={title}
      maxLength={LIMITS.titleCharacters}
      aria-label={t('titleField.label', { name: nameOf(row) })}
      onChange={(event) => setTitle(event.currentTarget.value)}
      onKeyDown={onKeyDown}
      onBlur={() => finish(true)}
      onClick={(event) => event.stopPropagation()}
    />
  );
}
