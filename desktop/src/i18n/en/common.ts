/** Texts that several views share. */
export const common = {
  navigation: {
    label: 'Main navigation',
    skip: 'Skip to content',
    queue: 'Uploads',
    library: 'Library',
    farm: 'Farm',
    settings: 'Settings',
  },
  account: {
    menu: 'Account',
    settings: 'Account settings',
    signOut: 'Sign out',
  },
  action: {
    cancel: 'Cancel',
    close: 'Close',
    copy: 'Copy',
    delete: 'Delete',
    retry: 'Try again',
    save: 'Save',
    back: 'Back',
  },
  notice: {
    close: 'Dismiss notification',
    problem: 'Something went wrong',
  },
  loading: 'Loading',
  start: {
    failed: 'Reelmill could not be loaded',
    body: 'Your uploads are not affected: they run in the background.',
    reload: 'Reload',
  },
  crash: {
    title: 'This view stopped working',
    body: 'Your uploads are not affected: they run in the background. You can keep using the rest of the app.',
    again: 'Reload this view',
  },
} as const;
