import { Text } from '@mantine/core';

/** What is wrong with a form as a whole, told to screen readers as soon as it is. */
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
