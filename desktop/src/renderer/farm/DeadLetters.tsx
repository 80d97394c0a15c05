import { Button, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { DeadLetter } from '@reelmill/shared/contracts/admin.ts';
import { IconRotateClockwise } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useFormats } from '../format/useFormats.ts';
import { ConfirmedAction } from './ConfirmedAction.tsx';
import classes from './Farm.module.css';
import { farmStore, useFarm } from './farmStore.ts';
import { Note, Section } from './Section.tsx';

/** The dead letters. `count` is null where the broker does not respond. */
export function DeadLetters({ count }: { count: number | null }) {
  const { t } = useTranslation('farm');
  const letters = useFarm((state) => state.deadLetters) ?? [];
  const { count: formatCount } = useFormats();
  const hidden = count === null ? 0 : count - letters.length;
  if (count === null || count === 0) {
    return (
      <Section title={t('deadLetters.title')}>
        <Note>{t(count === null ? 'deadLetters.unknown' : 'deadLetters.empty')}</Note>
      </Section>
    );
  }
  return (
    <Section title={t('deadLetters.title')} actions={<Replay count={count} />}>
      <Note>{t('deadLetters.about')}</Note>
      <LetterTable letters={letters} />
      {letters.length > 0 && hidden > 0 && (
        <Note>{t('deadLetters.more', { count: hidden, formatted: formatCount(hidden) })}</Note>
      )}
    </Section>
  );
}

function LetterTable({ letters }: { letters: readonly DeadLetter[] }) {
  const { t } = useTranslation('farm');
  return (
    <div className={classes.letters}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="16%">{t('deadLetters.queue')}</Table.Th>
            <Table.Th w="30%">{t('deadLetters.reason')}</Table.Th>
            <Table.Th w="18%">{t('deadLetters.when')}</Table.Th>
            <Table.Th>{t('deadLetters.message')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {letters.map((letter) => (
            <LetterRow key={letter.id} letter={letter} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function LetterRow({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation('farm');
  const { ago } = useFormats();
  const [open, disclosure] = useDisclosure(false);
  const id = useId();
  return (
    <Table.Tr>
      <Table.Td>{letter.queue}</Table.Td>
      <Table.Td>{letter.reason}</Table.Td>
      <Table.Td>{letter.died_at === null ? t('unknown') : ago(letter.died_at)}</Table.Td>
      <Table.Td>
        <Button
          variant="subtle"
          size="compact-xs"
          ms={-8}
          aria-expanded={open}
          aria-controls={id}
          onClick={disclosure.toggle}
        >
          {t(open ? 'deadLetters.hideMessage' : 'deadLetters.showMessage')}
        </Button>
        <pre id={id} className={classes.report} hidden={!open}>
          {letter.body}
        </pre>
      </Table.Td>
    </Table.Tr>
  );
}

/** Asks for confirmation: a message that failed once may fail again. */
function Replay({ count }: { count: number }) {
  const { t } = useTranslation('farm');
  const { count: formatCount } = useFormats();
  return (
    <ConfirmedAction
      label={t('deadLetters.replay')}
      icon={<IconRotateClockwise size={16} stroke={1.75} aria-hidden />}
      title={t('deadLetters.confirmTitle', { count, formatted: formatCount(count) })}
      body={t('deadLetters.confirmBody')}
      confirmLabel={t('deadLetters.confirm')}
      action={async () => {
        const replayed = await farmStore.getState().replay();
        notifyDone(t('deadLetters.replayed', { count: replayed, formatted: formatCount(replayed) }));
      }}
    />
  );
}
