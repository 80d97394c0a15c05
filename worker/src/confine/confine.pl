# Starts a program that handles files of strangers with as few rights as it can do with:
#
#   perl confine.pl NAME=VALUE... -- /path/of/program ARGUMENT...
#   perl confine.pl probe arch=x64|arm64        prints what this machine can do, as NAME=VALUE
#
# Every NAME that is given is a step, and a step that fails ends this program with 126 before the other one has run.
# Raw system calls, because a Node process can make none between fork and exec, and perl-base is on every Debian.
#
#   arch=x64|arm64       the machine's system call numbers
#   parent=PID           the program is killed when this process, which started it, ends
#   namespace=user|root  a network of its own, as an ordinary user or as root
#   port=N               the only TCP port that it may connect to
#   relay=PATH           with namespace: leads that port to this unix socket
#   uid=N                another user and group of this number; the work folder is made theirs
#   privileges=none      no capabilities, nothing gained by set-uid programs
#   landlock=ABI         files and network by Landlock as of this version: only what these name
#     exec=PATH read=PATH device=PATH work=PATH      (each any number of times)
#   seccomp=on           refuses system calls that no decoder needs (systemCalls.pl)
#   memory=BYTES file=BYTES                        heap, stacks and private mappings; the size of a file it writes
#   files=N threads=N                              files open at once; threads beyond those that the machine has now
use strict;
use warnings;

my ($folder) = __FILE__ =~ m{^(.*)/} or die;
our ($arch, %step, %paths);

my %CALLS = (    #      x64  arm64
    prctl       => [157, 167],
    capset      => [126, 91],
    unshare     => [272, 97],
    prlimit64   => [302, 261],
    setgroups   => [116, 159],
    setresgid   => [119, 149],
    setresuid   => [117, 147],
    close_range => [436, 436],
    pidfd_open  => [434, 434],
    landlock_create_ruleset => [444, 444],
    landlock_add_rule       => [445, 445],
    landlock_restrict_self  => [446, 446],
);
my ($PR_SET_PDEATHSIG, $PR_SET_SECCOMP, $PR_CAPBSET_DROP, $PR_SET_NO_NEW_PRIVS) = (1, 22, 24, 38);
my ($PR_CAP_AMBIENT, $PR_CAP_AMBIENT_CLEAR_ALL) = (47, 4);
my ($CLONE_NEWUSER, $CLONE_NEWNET) = (0x10000000, 0x40000000);
my ($SIGKILL, $SIOCSIFFLAGS, $IFF_UP_RUNNING, $O_PATH) = (9, 0x8914, 0x41, 010000000);
my ($RLIMIT_FSIZE, $RLIMIT_DATA, $RLIMIT_STACK, $RLIMIT_CORE, $RLIMIT_NPROC, $RLIMIT_NOFILE) = (1, 2, 3, 4, 6, 7);
# what is usual; RLIMIT_DATA does not count the main stack, and a program may raise its limit as far as this
my $STACK_BYTES = 8 * 1024 * 1024;

sub call {
    my ($name, @arguments) = @_;
    return syscall($CALLS{$name}[$arch eq 'arm64' ? 1 : 0], @arguments);
}

sub must {
    my ($name, @arguments) = @_;
    my $result = call($name, @arguments);
    die "$name: $!\n" if $result == -1;
    return $result;
}

# A lower limit that is there already stays.
sub limit {
    my ($what, $value) = @_;
    my $old = pack('QQ', 0, 0);
    # not by `must`, which passes copies
    syscall($CALLS{prlimit64}[$arch eq 'arm64' ? 1 : 0], 0, $what, 0, $old) == 0 or die "prlimit64: $!\n";
    my $hard = (unpack 'QQ', $old)[1];
    $value = $hard if $hard < $value;
    must('prlimit64', 0, $what, pack('QQ', $value, $value), 0);
}

# The kernel counts the threads of a user, of all programs together. All that the machine has are an upper bound of them.
sub threads_of_machine {
    open(my $file, '<', '/proc/loadavg') or die "/proc/loadavg: $!\n";
    my ($count) = <$file> =~ m{/(\d+) } or die "/proc/loadavg: no count of threads\n";
    return $count;
}

sub write_file {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "$path: $!\n";
    syswrite($file, $text) or die "$path: $!\n";
}

# --- network of its own ------------------------------------------------------------------------------------------

sub own_network {
    my ($uid, $gid) = ($<, (split ' ', $()[0]);
    must('unshare', $CLONE_NEWNET | ($step{namespace} eq 'user' ? $CLONE_NEWUSER : 0));
    if ($step{namespace} eq 'user') {
        write_file('/proc/self/setgroups', 'deny');
        write_file('/proc/self/uid_map',   "$uid $uid 1");
        write_file('/proc/self/gid_map',   "$gid $gid 1");
    }
    socket(my $any, 2, 2, 0) or die "socket: $!\n";
    ioctl($any, $SIOCSIFFLAGS, my $up = pack('a16 s x22', 'lo', $IFF_UP_RUNNING)) or die "loopback: $!\n";
    return unless defined $step{port};
    require "$folder/relay.pl";
    my $listener = listen_on_loopback($step{port});
    my $launcher = $$;
    my $pid = fork() // die "fork: $!\n";
    return if $pid;
    # a signal at the launcher's end would not do: it will be of a user who may send this process none
    my $program = must('pidfd_open', $launcher, 0);
    exit 0 if getppid() != $launcher;
    relay($listener, $step{relay}, $program);
}

# --- files and network by Landlock -------------------------------------------------------------------------------

my %ACCESS = (
    exec   => 0x5,       # execute, read
    read   => 0xc,       # read files and folders
    device => 0x6,       # read, write
    work   => 0x412e,    # read, write, truncate, make and remove plain files; no folders, links, sockets, pipes
);
my $OF_FILES = 0x4007;
my ($CONNECT_TCP, $ALL_TCP, $ALL_SCOPES) = (2, 3, 3);

sub handled_files { my $abi = shift; return $abi >= 5 ? 0xffff : $abi >= 3 ? 0x7fff : $abi == 2 ? 0x3fff : 0x1fff }

# The rules are made before the user changes, who may not reach the folders above.
sub landlock_rules {
    my $abi     = $step{landlock};
    my $handled = handled_files($abi);
    my @parts   = ($handled, $abi >= 4 ? $ALL_TCP : (), $abi >= 6 ? $ALL_SCOPES : ());
    my $rules   = must('landlock_create_ruleset', pack('Q*', @parts), 8 * @parts, 0);
    for my $kind (sort keys %ACCESS) {
        for my $path (@{ $paths{$kind} // [] }) {
            sysopen(my $place, $path, $O_PATH) or die "$path: $!\n";
            my $access = $ACCESS{$kind} & $handled & (-d $path ? ~0 : $OF_FILES);
            must('landlock_add_rule', $rules, 1, pack('Ql', $access, fileno $place), 0);
        }
    }
    if ($abi >= 4 && defined $step{port}) {
        must('landlock_add_rule', $rules, 2, pack('QQ', $CONNECT_TCP, $step{port}), 0);
    }
    return $rules;
}

# --- user and privileges -----------------------------------------------------------------------------------------

sub become_another_user {
    my $id = $step{uid};
    for my $work (@{ $paths{work} // [] }) {
        # the folders in it are made before the program starts; nobody else can have put anything there
        opendir(my $entries, $work) or die "$work: $!\n";
        my @folders = grep { !-l && -d } map {"$work/$_"} grep { !/^\.\.?$/ } readdir $entries;
        chown($id, $id, $work, @folders) == 1 + @folders or die "chown: $!\n";
    }
    must('setgroups', 0, 0);
    must('setresgid', $id, $id, $id);
    must('setresuid', $id, $id, $id);
}

sub drop_capability_bounds {
    for my $capability (0 .. 63) {
        last if call('prctl', $PR_CAPBSET_DROP, $capability, 0, 0, 0) == -1;    # past the last one, or not privileged
    }
}

sub drop_privileges {
    call('prctl', $PR_CAP_AMBIENT, $PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    must('capset', pack('LL', 0x20080522, 0), pack('L6', (0) x 6));
}

# --- what can this machine do ------------------------------------------------------------------------------------

sub works {
    my $try = shift;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) { open STDERR, '>', '/dev/null'; exit(eval { $try->(); 1 } ? 0 : 1) }
    waitpid $pid, 0;
    return $? == 0 ? 1 : 0;
}

sub probe {
    my $abi     = call('landlock_create_ruleset', 0, 0, 1);
    my $user    = 65534;
    my %network = map { my $how = $_; $how => works(sub { $step{namespace} = $how; own_network() }) } qw(root user);
    print 'landlock=', ($abi > 0 ? $abi : 0), "\n";
    print "namespace=root\n" if $network{root};
    print "namespace=user\n" if $network{user} && !$network{root};
    print "uid=$user\n" if $> == 0 && works(sub { $step{uid} = $user; become_another_user() });
    print "privileges=none\n" if works(\&drop_privileges);
    require "$folder/systemCalls.pl";
    print "seccomp=on\n" if works(sub { must('prctl', $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); filter_system_calls() });
}

sub filter_system_calls {
    require "$folder/systemCalls.pl";
    my $filter = system_call_filter($arch, $$);
    # struct sock_fprog
    must('prctl', $PR_SET_SECCOMP, 2, pack('S x6 P', length($filter) / 8, $filter), 0, 0);
}

# --- in this order -----------------------------------------------------------------------------------------------

sub confine {
    $^F = 2;
    my $threads = $step{threads} && $step{threads} + threads_of_machine();
    own_network() if $step{namespace};
    my $rules = $step{landlock} ? landlock_rules() : undef;
    drop_capability_bounds() if $step{privileges};
    become_another_user()    if $step{uid};
    drop_privileges()        if $step{privileges};
    must('prctl', $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) if $step{privileges} || $step{seccomp} || defined $rules;
    # a change of user forgets it; and a parent that ended before is told by nothing else
    must('prctl', $PR_SET_PDEATHSIG, $SIGKILL, 0, 0, 0);
    die "the worker has ended\n" if getppid() != $step{parent};
    must('landlock_restrict_self', $rules, 0) if defined $rules;
    must('close_range', 3, 0xffffffff, 4);    # close-on-exec
    limit($RLIMIT_CORE,  0);
    limit($RLIMIT_STACK, $STACK_BYTES);
    limit($RLIMIT_FSIZE, $step{file})   if $step{file};
    limit($RLIMIT_DATA,  $step{memory}) if $step{memory};
    limit($RLIMIT_NOFILE, $step{files}) if $step{files};
    limit($RLIMIT_NPROC,  $threads)     if $threads;
    filter_system_calls() if $step{seccomp};
}

while (@ARGV && (my $argument = shift @ARGV) ne '--') {
    next if $argument eq 'probe' and $step{probe} = 1;
    my ($name, $value) = $argument =~ /^(\w+)=(.+)$/s or die "confine: not an option: $argument\n";
    if   ($ACCESS{$name}) { push @{ $paths{$name} }, $value }
    # a number, because syscall passes a string on as an address
    else                  { $step{$name} = $value =~ /^\d+$/ ? $value + 0 : $value }
}
$arch = $step{arch};
if ($step{probe}) { probe(); exit 0 }
# loaded now: afterwards its file is out of reach
require "$folder/systemCalls.pl" if $step{seccomp};
unless (eval { confine(); 1 }) {
    print STDERR "confine: $@";
    exit 126;
}
{ no warnings 'exec'; exec { $ARGV[0] } @ARGV }
print STDERR "confine: $ARGV[0]: $!\n";
exit 126;
