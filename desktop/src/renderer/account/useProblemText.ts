import { useTranslation } from 'react-i18next';
import { failureMessage } from '../feedback/errorMessage.ts';
import { useFormats } from '../format/useFormats.ts';
import type { Problem } from './problems.ts';

/** Problems of the form in the language that is shown. */
export function useProblemText(): (problem: Problem | undefined) => string | null {
  const { t } = useTranslation('signIn');
  const { eta } = useFormats();
  return (problem) => {
    if (problem === undefined) return null;
    if ('code' in problem) return failureMessage(problem.code, problem.message);
    if ('count' in problem) return t(problem.text, { count: problem.count });
    if ('seconds' in problem) return t(problem.text, { time: eta(problem.seconds) });
    return t(problem.text);
  };
}
