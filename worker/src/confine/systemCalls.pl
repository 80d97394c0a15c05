# The system calls that a decoder does not need, and the filter (seccomp, classic BPF) that refuses them.
use strict;
use warnings;

my ($EPERM, $ENOSYS, $EACCES, $ENOTTY) = (1, 38, 13, 25);
my ($RET_ALLOW, $RET_KILL) = (0x7fff0000, 0x80000000);
my %AUDIT_ARCH = (x64 => 0xc000003e, arm64 => 0xc00000b7);
# what came later than the newest that this list knows; the C library does without
my $FIRST_UNKNOWN = 463;

# x64 number, arm64 number (0: has none)
my %REFUSED = (
    # new processes, and what reaches into others
    fork => [57, 0], vfork => [58, 0], execveat => [322, 281], ptrace => [101, 117],
    process_vm_readv => [310, 270], process_vm_writev => [311, 271], process_madvise => [440, 440],
    process_mrelease => [448, 448], kcmp => [312, 272], pidfd_open => [434, 434], pidfd_getfd => [438, 438],
    pidfd_send_signal => [424, 424], tkill => [200, 130], rt_sigqueueinfo => [129, 138],
    rt_tgsigqueueinfo => [297, 240], setsid => [112, 157], setpgid => [109, 154], setpriority => [141, 140],
    ioprio_set => [251, 30], sched_setscheduler => [144, 119], sched_setparam => [142, 118],
    sched_setattr => [314, 274], sched_setaffinity => [203, 122], migrate_pages => [256, 238],
    move_pages => [279, 239],
    shmget => [29, 194], shmat => [30, 196], shmctl => [31, 195], msgget => [68, 186], msgsnd => [69, 189],
    msgrcv => [70, 188], msgctl => [71, 187], semget => [64, 190], semop => [65, 193], semctl => [66, 191],
    semtimedop => [220, 192], mq_open => [240, 180], mq_unlink => [241, 181],
    # memory and files that no limit counts; folders that cannot be removed again
    memfd_create => [319, 279], fallocate => [285, 47], unlink => [87, 0], unlinkat => [263, 35],
    mkdir => [83, 0], mkdirat => [258, 34], rmdir => [84, 0],
    # parts of the kernel that much has been found in
    bpf => [321, 280], userfaultfd => [323, 282], perf_event_open => [298, 241], io_uring_setup => [425, 425],
    io_uring_enter => [426, 426], io_uring_register => [427, 427], keyctl => [250, 219], add_key => [248, 217],
    request_key => [249, 218], personality => [135, 92], modify_ldt => [154, 0], memfd_secret => [447, 447],
    # namespaces, mounts and the machine itself
    unshare => [272, 97], setns => [308, 268], mount => [165, 40], umount2 => [166, 39], pivot_root => [155, 41],
    chroot => [161, 51], open_tree => [428, 428], move_mount => [429, 429], fsopen => [430, 430],
    fsconfig => [431, 431], fsmount => [432, 432], fspick => [433, 433], mount_setattr => [442, 442],
    kexec_load => [246, 104], kexec_file_load => [320, 294], init_module => [175, 105], finit_module => [313, 273],
    delete_module => [176, 106], swapon => [167, 224], swapoff => [168, 225], reboot => [169, 142],
    sethostname => [170, 161], setdomainname => [171, 162], acct => [163, 89], quotactl => [179, 60],
    quotactl_fd => [443, 443], syslog => [103, 116], settimeofday => [164, 170], clock_settime => [227, 112],
    clock_adjtime => [305, 266], adjtimex => [159, 171], iopl => [172, 0], ioperm => [173, 0],
    # what Landlock leaves open: owners, rights and times of any file, lengths before its version 3, links that the
    # worker would follow when it reads what was made
    chmod => [90, 0], fchmod => [91, 52], fchmodat => [268, 53], fchmodat2 => [452, 452], chown => [92, 0],
    lchown => [94, 0], fchown => [93, 55], fchownat => [260, 54], setxattr => [188, 5], lsetxattr => [189, 6],
    fsetxattr => [190, 7], removexattr => [197, 14], lremovexattr => [198, 15], fremovexattr => [199, 16],
    utime => [132, 0], utimes => [235, 0], futimesat => [261, 0], utimensat => [280, 88], truncate => [76, 45],
    symlink => [88, 0], symlinkat => [266, 36], link => [86, 0], linkat => [265, 37], mknod => [133, 0],
    mknodat => [259, 33], inotify_init => [253, 0], inotify_init1 => [294, 26], inotify_add_watch => [254, 27],
    fanotify_init => [300, 262], fanotify_mark => [301, 263], name_to_handle_at => [303, 264],
    open_by_handle_at => [304, 265],
    # sockets that wait for others or pass more than bytes
    bind => [49, 200], listen => [50, 201], accept => [43, 202], accept4 => [288, 242], socketpair => [53, 199],
    sendmsg => [46, 211], sendmmsg => [307, 269],
);

my %LIMITED = (
    clone => [56, 220], clone3 => [435, 435], kill => [62, 129], tgkill => [234, 131], prlimit64 => [302, 261],
    socket => [41, 198], sendto => [44, 206], fcntl => [72, 25], ioctl => [16, 29], prctl => [157, 167],
    mmap => [9, 222], open => [2, 0], openat => [257, 56], openat2 => [437, 437],
);

# BPF: one instruction each
sub instruction { my ($code, $yes, $no, $value) = @_; return pack('S C C L', $code, $yes, $no, $value) }
sub load        { return instruction(0x20, 0, 0, shift) }    # the 32 bits at this offset of struct seccomp_data
sub load_low    { return load(16 + 8 * shift) }              # of this argument
sub load_high   { return load(20 + 8 * shift) }
sub mask        { return instruction(0x54, 0, 0, shift) }
sub skip_if     { my ($value, $count) = @_; return instruction(0x15, $count, 0, $value) }
sub skip_unless { my ($value, $count) = @_; return instruction(0x15, 0, $count, $value) }
sub allow       { return instruction(0x06, 0, 0, $RET_ALLOW) }
sub refuse      { return instruction(0x06, 0, 0, 0x00050000 | shift) }

# Allows where the loaded value is one of these, refuses otherwise.
sub only {
    my ($error, @values) = @_;
    return join('', map { skip_unless($_, 1) . allow() } @values) . refuse($error);
}

# Refuses where the loaded value is one of these.
sub none_of { my ($error, @values) = @_; return join '', map { skip_unless($_, 1) . refuse($error) } @values }

# Allows where the loaded value has none of these bits, refuses otherwise.
sub without { my ($error, $bits) = @_; return mask($bits) . only($error, 0) }

# What is looked at beyond the number of a call; `$pid` is the process that the filter is for.
sub limits {
    my $pid = shift;
    my ($CLONE_THREAD, $CLONE_NAMESPACES, $TCP, $MSG_FASTOPEN) = (0x10000, 0x7e020080, 6, 0x20000000);
    return (
        # threads, no processes; the C library falls back to clone, whose flags a filter can see
        clone  => load_low(0) . mask($CLONE_THREAD | $CLONE_NAMESPACES) . only($EPERM, $CLONE_THREAD),
        clone3 => refuse($ENOSYS),
        # signals to itself
        kill      => load_low(0) . only($EPERM, $pid),
        tgkill    => load_low(0) . only($EPERM, $pid),
        prlimit64 => load_low(0) . only($EPERM, 0, $pid),
        # TCP over IPv4 and IPv6: neither MPTCP nor SCTP, which Landlock does not look at
        socket => load_low(0) . skip_if(2, 2) . skip_if(10, 1) . refuse($EACCES)
            . load_low(2) . skip_if(0, 2) . skip_if($TCP, 1) . refuse($EACCES)
            . load_low(1) . mask(0xf) . only($EACCES, 1),
        # on a connection only: TCP Fast Open would make one by itself
        sendto => load_low(3) . mask($MSG_FASTOPEN) . skip_if(0, 1) . refuse($EACCES)
            . load_low(4) . skip_if(0, 1) . refuse($EACCES) . load_high(4) . only($EACCES, 0),
        # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to others
        fcntl => load_low(1) . none_of($EPERM, 8, 10, 15) . allow(),
        # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
        ioctl => load_low(1) . only($ENOTTY, 0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451),
        # PR_SET_PDEATHSIG: it ends with the worker; PR_SET_MM
        prctl => load_low(0) . none_of($EPERM, 1, 35) . allow(),
        # MAP_SHARED, MAP_GROWSDOWN: RLIMIT_DATA counts neither
        mmap => load_low(3) . without($EPERM, 0x101),
        # O_TMPFILE: a file that nobody sees; openat2 passes its flags where a filter cannot look
        open    => load_low(1) . without($EPERM, 0x400000),
        openat  => load_low(2) . without($EPERM, 0x400000),
        openat2 => refuse($ENOSYS),
    );
}

# Returns the filter for this process and what it executes, as instructions in a row.
sub system_call_filter {
    my ($arch, $pid) = @_;
    my $column = $arch eq 'arm64' ? 1 : 0;
    my %limits = limits($pid);
    my $filter = load(4) . skip_if($AUDIT_ARCH{$arch}, 1) . instruction(0x06, 0, 0, $RET_KILL);
    # at least: those of the x32 interface are large numbers, too
    $filter .= load(0) . instruction(0x35, 0, 1, $FIRST_UNKNOWN) . refuse($ENOSYS);
    for my $name (sort keys %REFUSED) {
        my $number = $REFUSED{$name}[$column] or next;
        $filter .= skip_unless($number, 1) . refuse($EPERM);
    }
    for my $name (sort keys %LIMITED) {
        my $number = $LIMITED{$name}[$column] or next;
        my $check  = $limits{$name};
        $filter .= skip_unless($number, length($check) / 8) . $check;
    }
    return $filter . allow();
}

1;
