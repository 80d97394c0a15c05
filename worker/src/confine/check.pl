# Run inside the confinement, as `perl -e TEXT CANARY OPEN_PORT CLOSED_PORT WORKER_PID`, without modules: their files are
# out of reach. Prints one line for each thing that a confined program must not be able to do and could do anyway,
# `<step> <what>`; and a line `works` once it has done what it must be able to do.
my ($canary, $open_port, $closed_port, $worker) = @ARGV;

sub dial {
    my ($domain, $address) = @_;
    my $socket;
    return socket($socket, $domain, 1, 0) && connect($socket, $address);
}
sub loopback { return pack('S n N x8', 2, shift, 0x7f000001) }

for my $file ($canary, '/etc/passwd', '/proc/self/environ', "/proc/$worker/environ") {
    print "filesystem reads $file\n" if open my $handle, '<', $file;
}
print "filesystem lists /\n" if opendir my $entries, '/';
print "filesystem writes $canary\n" if open my $handle, '>>', $canary;
print "network connects to another port\n" if dial(2, loopback($closed_port));
print "syscalls has sockets other than TCP\n" if socket(my $udp, 2, 2, 0) or socket(my $unix, 1, 1, 0);
print "syscalls signals the worker\n" if kill 0, $worker;
print "syscalls changes the rights of files\n" if chmod 0600, $canary;
my $pid = fork;
exit 0 if defined $pid && $pid == 0;
print "syscalls starts processes\n" if defined $pid;

open(my $made, '>', 'made') or die "write: $!\n";
print $made 'made';
close $made or die "write: $!\n";
dial(2, loopback($open_port)) or die "connect: $!\n";
print "works\n";
