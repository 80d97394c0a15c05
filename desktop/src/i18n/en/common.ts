/** What several views say. */
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
    close: 'Dismiss this notice',
    problem: 'That did not work',
  },
  loading: 'Loading',
  start: {
    failed: 'Reelmill could not be shown',
    body: 'Your uploads are not affected: they run in the background.',
    reload: 'Load again',
  },
  crash: {
    title: 'Something went wrong here',
    body: 'Your uploads are not affected: they run in the background. The rest of the app goes on working.',
    again: 'Show this again',
  },
} as const;
