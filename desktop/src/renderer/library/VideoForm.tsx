import { Button, Group, Text, Textarea, TextInput } from '@mantine/core';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { type FormEvent, type KeyboardEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import { isChanged, keepDraft, readDraft, type VideoTexts } from './videoDrafts.ts';
import type { VideoStore } from './videoStore.ts';

/** Title and description of a video. Unsaved texts outlive the view and are not overwritten by changes made elsewhere. */
export function VideoForm({ store, video }: { store: VideoStore; video: Video }) {
  const { t } = useTranslation('library');
  const { texts, edit, discard, forget } = useDraft(video);
  const problems = useProblems(texts);
  const changed = isChanged(video, texts);
  const save = useAction(async () => {
    await store.getState().update(changesOf(video, texts));
    forget(texts);
    notifyDone(t('form.saved'));
  });
  const canSave = changed && problems.title === null && problems.description === null;
  const submit = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault();
    if (canSave) void save.run();
  };
  return (
    <form
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
      }}
    >
      <TextInput
        label={t('form.title')}
        value={texts.title}
        error={problems.title}
        onChange={(event) => edit({ title: event.currentTarget.value })}
      />
      <Textarea
        mt="sm"
        label={t('form.description')}
        placeholder={t('form.descriptionPlaceholder')}
        value={texts.description}
        error={problems.description}
        autosize
        minRows={3}
        maxRows={12}
        onChange={(event) => edit({ description: event.currentTarget.value })}
      />
      {changed && (
        <Group mt="md" gap="sm">
          <Button type="submit" disabled={!canSave} loading={save.pending}>
            {t('form.save')}
          </Button>
          <Button variant="default" onClick={discard}>
            {t('form.discard')}
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {t('form.unsaved')}
          </Text>
        </Group>
      )}
    </form>
  );
}

function useDraft(video: Video) {
  /** Null while the texts are the video's own. */
  const [draft, setDraft] = useState<VideoTexts | null>(() => {
    const kept = readDraft(video);
    return isChanged(video, kept) ? kept : null;
  });
  useEffect(() => keepDraft(video, draft), [video, draft]);
  const texts = draft ?? { title: video.title, description: video.description };
  return {
    texts,
    edit: (change: Partial<VideoTexts>) => setDraft({ ...texts, ...change }),
    discard: () => setDraft(null),
    /** Discards the saved part of the draft, but not what was typed meanwhile. */
    forget: (saved: VideoTexts) => setDraft((now) => (now === saved ? null : now)),
  };
}

function useProblems({ title, description }: VideoTexts): Record<keyof VideoTexts, string | null> {
  const { t } = useTranslation('library');
  const { count } = useFormats();
  const limit = (text: string, most: number): string | null =>
    text.trim().length > most ? t('form.tooLong', { count: most, formatted: count(most) }) : null;
  return {
    title: title.trim() === '' ? t('form.titleMissing') : limit(title, LIMITS.titleCharacters),
    description: limit(description, LIMITS.descriptionCharacters),
  };
}

/** Returns only the changed texts: the other one may have been changed elsewhere. */
function changesOf(video: VideoTexts, { title, description }: VideoTexts): Partial<VideoTexts> {
  return {
    ...(title.trim() === video.title ? {} : { title: title.trim() }),
    ...(description.trim() === video.description ? {} : { description: description.trim() }),
  };
}
