import { Select, Text } from '@mantine/core';
import { type Visibility, visibilitySchema } from '@reelmill/shared/contracts/videos.ts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { VisibilityIcon } from './VisibilityIcon.tsx';
import type { VideoStore } from './videoStore.ts';

/** Who can watch a video; a choice takes effect at once. */
export function VisibilityField({ store, visibility }: { store: VideoStore; visibility: Visibility }) {
  const { t } = useTranslation('library');
  /** The choice, until the server has confirmed it. */
  const [chosen, setChosen] = useState<Visibility | null>(null);
  const shown = chosen ?? visibility;
  const change = useAction(async (wanted: Visibility) => {
    setChosen(wanted);
    try {
      await store.getState().update({ visibility: wanted });
      notifyDone(t(`visibility.changed.${wanted}`));
    } finally {
      setChosen(null);
    }
  });
  return (
    <Select
      label={t('visibility.label')}
      description={t(`visibility.help.${shown}`)}
      inputWrapperOrder={['label', 'input', 'description']}
      data={visibilitySchema.options.map((value) => ({ value, label: t(`visibility.${value}`) }))}
      value={shown}
      allowDeselect={false}
      disabled={change.pending}
      leftSection={<VisibilityIcon visibility={shown} size={18} />}
      renderOption={({ option }) => <Option value={visibilitySchema.parse(option.value)} />}
      onChange={(value) => {
        const wanted = visibilitySchema.safeParse(value);
        if (wanted.success && wanted.data !== visibility) void change.run(wanted.data);
      }}
    />
  );
}

function Option({ value }: { value: Visibility }) {
  const { t } = useTranslation('library');
  return (
    <div>
      <Text size="sm">{t(`visibility.${value}`)}</Text>
      <Text size="xs" c="dimmed">
        {t(`visibility.help.${value}`)}
      </Text>
    </div>
  );
}
