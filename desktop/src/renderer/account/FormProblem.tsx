import { Text } from '@mantine/core';

/** A problem of a form as a whole, announced to screen readers. */
export function FormProblem({ text }: { text: string | null }) {
  return (
    <div role="alert">
      {text !== null && (
        <Text size="sm" c="red">
          {text}
        </Text>
      )}
    </div>
  );
}
