import classes from './Settings.module.css';

/*
 * How Mantine's inputs become rows: their label and hint on the left, the control on the right. The hint is theirs, so
 * that screen readers read it.
 */

export const INPUT_ROW = {
  // the names that Mantine knows, which an array of literals widens to strings
  inputWrapperOrder: ['label', 'description', 'input'] as Array<'label' | 'description' | 'input'>,
  classNames: {
    root: classes.row ?? '',
    label: classes.label ?? '',
    description: classes.hint ?? '',
    wrapper: `${classes.control} ${classes.field}`,
  },
};

export const SWITCH_ROW = {
  labelPosition: 'left' as const,
  classNames: {
    body: classes.switchBody ?? '',
    labelWrapper: classes.switchText ?? '',
    label: classes.label ?? '',
    description: classes.hint ?? '',
  },
};

/** For a control that is no input of Mantine's: a group of choices, a button. */
export const GROUP_ROW = {
  labelElement: 'div' as const,
  inputWrapperOrder: INPUT_ROW.inputWrapperOrder,
  classNames: { root: classes.row ?? '', label: classes.label ?? '', description: classes.hint ?? '' },
};
