# Leads connections to a port of this network namespace's loopback to a unix socket, which namespaces do not part.
use strict;
use warnings;

my ($AF_UNIX, $AF_INET, $SOCK_STREAM) = (1, 2, 1);
my ($F_SETFL, $O_NONBLOCK) = (4, 04000);
my $PIECE = 256 * 1024;
# as many as the worker serves (sourceReader.ts); the others wait
my $MAX_CONNECTIONS = 16;

sub listen_on_loopback {
    my $port = shift;
    socket(my $listener, $AF_INET, $SOCK_STREAM, 0) or die "socket: $!\n";
    bind($listener, pack('S n N x8', $AF_INET, $port, 0x7f000001)) or die "bind: $!\n";
    listen($listener, 64) or die "listen: $!\n";
    return $listener;
}

# Ends with the program of the file descriptor `$program`. A side is read only while nothing waits to be written to the other, so that memory stays flat.
sub relay {
    my ($listener, $path, $program) = @_;
    $SIG{PIPE} = 'IGNORE';
    # the pipes of the program that is started beside this one are not this one's
    close $_ for *STDIN, *STDOUT, *STDERR;
    my %ends;    # by file number: { socket, other, waiting => bytes for it, ended => its other will send no more }
    while (1) {
        my ($readable, $writable) = ('', '');
        vec($readable, $program, 1) = 1;
        vec($readable, fileno $listener, 1) = 1 if keys %ends < 2 * $MAX_CONNECTIONS;
        for my $end (values %ends) {
            vec($readable, fileno $end->{socket}, 1) = 1 if $end->{other}{waiting} eq '' && !$end->{other}{ended};
            vec($writable, fileno $end->{socket}, 1) = 1 if $end->{waiting} ne '';
        }
        next if select($readable, $writable, undef, undef) < 1;
        exit 0 if vec($readable, $program, 1);
        for my $number (keys %ends) {
            my $end = $ends{$number} or next;
            my $open = 1;
            $open = write_waiting($end) if vec($writable, $number, 1);
            $open = read_into_other($end) if $open && vec($readable, $number, 1);
            remove_connection(\%ends, $end) unless $open;
        }
        add_connection(\%ends, $listener, $path) if vec($readable, fileno $listener, 1);
    }
}

sub add_connection {
    my ($ends, $listener, $path) = @_;
    accept(my $client, $listener) or return;
    socket(my $server, $AF_UNIX, $SOCK_STREAM, 0) or return;
    connect($server, pack('S a108', $AF_UNIX, $path)) or return;
    fcntl($_, $F_SETFL, $O_NONBLOCK) for $client, $server;
    my ($a, $b) = map { { socket => $_, waiting => '', ended => 0 } } $client, $server;
    @{$a}{other} = $b;
    @{$b}{other} = $a;
    $ends->{ fileno $client } = $a;
    $ends->{ fileno $server } = $b;
}

sub remove_connection {
    my ($ends, $end) = @_;
    my @both = ($end, $end->{other});
    delete @{$ends}{ map { fileno $_->{socket} } @both };
    # they refer to each other, so that nothing else would close them
    close delete $_->{socket} and delete $_->{other} for @both;
}

# Both return whether the connection goes on.
sub write_waiting {
    my $end   = shift;
    my $count = syswrite($end->{socket}, $end->{waiting});
    return $!{EAGAIN} || $!{EINTR} unless defined $count;
    substr($end->{waiting}, 0, $count, '');
    return !($end->{ended} && $end->{waiting} eq '');
}

sub read_into_other {
    my $end   = shift;
    my $other = $end->{other};
    my $count = sysread($end->{socket}, $other->{waiting}, $PIECE);
    return $!{EAGAIN} || $!{EINTR} unless defined $count;
    return write_waiting($other) if $count > 0;
    $other->{ended} = 1;
    return $other->{waiting} ne '';
}

1;
