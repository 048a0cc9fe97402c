# An SMSC on Perl's Net::SMPP, on a free port of loopback, one process a bind. It says what it decoded as JSON lines on
# stdout, texts put together from their parts. One account may be several SMSCs to its owner: the system_type of a bind
# says which. Its ids are hexadecimal in submit_sm_resp and decimal in receipts, which are of text only, repeat the
# user_message_reference and come by data_sm, with the text in message_payload, every second time. Some numbers fare
# worse, by their last two digits: see on_submit.
use strict;
use warnings;
use utf8;

use Encode ();
use JSON::PP ();
use Net::SMPP;
use POSIX ();

use constant { ENTITY_TAG => 0x1400, TEMPLATE_TAG => 0x1401 };
use constant { ESME_RBINDFAIL => 0x0d, ESME_RQUERYFAIL => 0x67, VENDOR_BUSY => 0x401 };
use constant { HINDI => 6, ESCAPE => "\x1b" };

# The Hindi tables of 3GPP TS 23.038 (A.3.6 and A.2.6), septet by septet, with a dot where there is no character.
my @LOCKING = split //, "\N{U+901}\N{U+902}\N{U+903}अआइईउऊऋ\nऌऍ\rऎएऐऑऒओऔकखगघङच·छजझञ !टठडढणत)(थद,ध.न0123456789:;\N{U+929}पफ?बभमयर"
    . "\N{U+931}ल\N{U+933}\N{U+934}वशषसह\N{U+93c}\N{U+93d}\N{U+93e}\N{U+93f}\N{U+940}\N{U+941}\N{U+942}\N{U+943}\N{U+944}"
    . "\N{U+945}\N{U+946}\N{U+947}\N{U+948}\N{U+949}\N{U+94a}\N{U+94b}\N{U+94c}\N{U+94d}\N{U+950}"
    . "abcdefghijklmnopqrstuvwxyz\N{U+972}\N{U+97b}\N{U+97c}\N{U+97e}\N{U+97f}";
my @SINGLE = split //, "@£\$¥¿\"¤%&'\f*+·-/<=>¡^¡_#*\N{U+964}\N{U+965}·०१२३४५६७८९\N{U+951}\N{U+952}{}\N{U+953}\N{U+954}"
    . "\N{U+958}\N{U+959}\N{U+95a}\\\N{U+95b}\N{U+95c}\N{U+95d}\N{U+95e}\N{U+95f}\N{U+960}\N{U+961}\N{U+962}\N{U+963}"
    . "\N{U+970}\N{U+971}·[~]·|ABCDEFGHIJKLMNOPQRSTUVWXYZ";

$| = 1;
# The module says on stderr that it has no names for the tags of DLT; it keeps their values by number.
$SIG{__WARN__} = sub { print STDERR $_[0] unless $_[0] =~ /^Unknown tag/ };
$SIG{CHLD} = 'IGNORE';

my $json = JSON::PP->new->canonical->utf8;
# Of one bind, as each has a process:
my $smsc;
my $next;        # id
my $taken = 0;
my %receipts;    # the ids of receipts that wait for their answer, by sequence number
my %parts;       # of texts that are not whole, by number and reference
my %refused;     # numbers that were refused once
my %silent;      # the states to tell of messages that get no receipt, by id as it was answered

sub say_json { my ($event, %facts) = @_; print $json->encode({event => $event, %facts}) . "\n"; }

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34, timeout => undef) or die "listen: $!";
say_json('listening', port => $server->sockport + 0);
for (my $bind = 0; my $esme = $server->accept; $bind++) {
    if (!fork) {
        $next = 4_000_000_000 + 1000 * $bind;
        serve($esme);
        exit;
    }
    close $esme;
}

sub serve {
    my ($esme) = @_;
    while (my $pdu = $esme->read_pdu) {
        my $command = $pdu->explain_cmd;
        if    ($command eq 'bind_transceiver')  { on_bind($esme, $pdu) }
        elsif ($command eq 'submit_sm')         { on_submit($esme, $pdu) }
        elsif ($command eq 'query_sm')          { on_query($esme, $pdu) }
        elsif ($command eq 'enquire_link')      { $esme->enquire_link_resp(seq => $pdu->{seq}) }
        elsif ($command eq 'enquire_link_resp') { say_json('enquire_link_answered') }
        elsif ($command =~ /^(deliver|data)_sm_resp$/) {
            say_json('receipt_answered', id => delete $receipts{$pdu->{seq}}, status => $pdu->{status});
        } elsif ($command eq 'unbind') {
            say_json('unbound');
            $esme->unbind_resp(seq => $pdu->{seq});
            last;
        } else { say_json('fault', why => "unexpected $command") }
    }
    close $esme;
}

sub on_bind {
    my ($esme, $pdu) = @_;
    if ($pdu->{system_id} ne $ENV{SYSTEM_ID} || $pdu->{password} ne $ENV{PASSWORD}) {
        $esme->bind_transceiver_resp(seq => $pdu->{seq}, status => ESME_RBINDFAIL, system_id => 'net-smpp');
        return;
    }
    $smsc = $pdu->{system_type};
    $esme->bind_transceiver_resp(seq => $pdu->{seq}, system_id => 'net-smpp');
    say_json('bound', smsc => $smsc, as => 'bind_transceiver', version => $pdu->{interface_version},
        from => $esme->peerhost);
    $esme->enquire_link(async => 1);
    # A PDU that has no answer, and that a sender of OTPs has no use for: the bind must outlive it.
    $esme->alert_notification(async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => '919812300000',
        esme_addr_ton => 0, esme_addr_npi => 0, esme_addr => 'harkara');
}

# Numbers end in 00: the handset is out of reach; 11: no receipt is ever sent, but query_sm knows; 22: the vendor's own
# word for being busy, the first time; 33: no answer, but a receipt.
sub on_submit {
    my ($esme, $pdu) = @_;
    my ($kind) = $pdu->{destination_addr} =~ /(..)$/;
    if ($kind eq '22' && !$refused{$pdu->{destination_addr}}++) {
        say_json('refused', dest => $pdu->{destination_addr});
        $esme->submit_sm_resp(seq => $pdu->{seq}, status => VENDOR_BUSY, message_id => '');
        return;
    }
    my $id = $next++;
    $taken++;
    my $udh = $pdu->{esm_class} & 0x40 ? substr $pdu->{short_message}, 0, 1 + ord $pdu->{short_message} : '';
    my %element = elements($udh);
    # The 16-bit and the 8-bit reference (3GPP TS 23.040 9.2.3.24.8 and 9.2.3.24.1).
    my ($by, $reference, $total, $part) = ('short_message', 0, 1, 1);
    ($by, $reference, $total, $part) = ('udh', unpack 'n C C', $element{0x08}) if $element{0x08};
    ($by, $reference, $total, $part) = ('udh8', unpack 'C C C', $element{0x00}) if $element{0x00};
    say_json('submit', smsc => $smsc, id => "$id", source => $pdu->{source_addr}, dest => $pdu->{destination_addr},
        entity => $pdu->{+ENTITY_TAG}, template => $pdu->{+TEMPLATE_TAG}, by => $by, reference => $reference,
        total => $total, part => $part);
    join_parts($pdu, $reference, $total, $part, text($pdu, $udh, \%element));
    my $answered = sprintf '%X', $id;
    $esme->submit_sm_resp(seq => $pdu->{seq}, message_id => $answered) if $kind ne '33';
    if ($kind eq '11') { $silent{$answered} = Net::SMPP::MSGSTATE_delivered }
    else               { send_receipt($esme, $pdu, $id, $kind eq '00') }
}

# elements reads a user data header: its elements of information by their identifiers.
sub elements {
    my ($udh) = @_;
    my %element;
    for (my $at = 1; $at < length $udh; $at += 2 + length $element{ord substr $udh, $at, 1}) {
        $element{ord substr $udh, $at, 1} = unpack 'x C/a', substr $udh, $at;
    }
    return %element;
}

sub text {
    my ($pdu, $udh, $element) = @_;
    my $octets = substr $pdu->{short_message}, length $udh;
    return Encode::decode('UTF-16BE', $octets) if $pdu->{data_coding} == 8;
    return Encode::decode('iso-8859-1', $octets) if $pdu->{data_coding} == 3;
    $octets = septets($octets, length $udh) if $smsc =~ /packed/;
    my ($locking, $single) = map { defined $_ ? ord : 0 } @$element{0x25, 0x24};
    return Encode::decode('gsm0338', $octets) if !$locking && !$single;
    return "locking $locking, single $single" if $locking != HINDI || $single != HINDI;
    $octets =~ s/${\ESCAPE}(.)|(.)/defined $1 ? $SINGLE[ord $1] : $LOCKING[ord $2]/seg;
    return $octets;
}

# septets unpacks what stands behind a header of so many octets: septets begin at a septet's border, and a carriage
# return that ends with the last octet is filling (3GPP TS 23.038 6.1.2.3.1).
sub septets {
    my ($octets, $header) = @_;
    my $fill = -8 * $header % 7;
    my $bits = substr unpack('b*', $octets), $fill;
    my $text = join '', map { pack 'b8', "${_}0" } $bits =~ /.{7}/g;
    chop $text if $text =~ /\r\z/ && length($bits) % 7 == 0;
    return $text;
}

# join_parts keeps a part, and says the text when it is whole.
sub join_parts {
    my ($pdu, $reference, $total, $part, $text) = @_;
    my $parts = $parts{"$pdu->{destination_addr}/$reference"} //= {};
    $parts->{$part} = $text;
    return if keys %$parts < $total;
    say_json('message', dest => $pdu->{destination_addr}, text => join '', @$parts{1 .. $total});
    delete $parts{"$pdu->{destination_addr}/$reference"};
}

sub send_receipt {
    my ($esme, $submit, $id, $failed) = @_;
    my $now = POSIX::strftime('%y%m%d%H%M', gmtime);
    my $text = sprintf 'id:%010d sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:not repeated', $id,
        $failed ? '000' : '001', $now, $now, $failed ? ('UNDELIV', '006') : ('DELIVRD', '000');
    my @addresses = (async => 1, esm_class => 0x04, source_addr_ton => $submit->{dest_addr_ton},
        source_addr_npi => $submit->{dest_addr_npi}, source_addr => $submit->{destination_addr},
        dest_addr_ton => $submit->{source_addr_ton}, dest_addr_npi => $submit->{source_addr_npi},
        destination_addr => $submit->{source_addr});
    my @reference = map { (user_message_reference => $_) } grep { defined } $submit->{user_message_reference};
    my $seq = $taken % 2 ? $esme->deliver_sm(@addresses, short_message => $text, @reference)
        : $esme->data_sm(@addresses, data_coding => 0, registered_delivery => 0, message_payload => $text, @reference);
    $receipts{$seq} = "$id";
}

sub on_query {
    my ($esme, $pdu) = @_;
    my $state = $silent{$pdu->{message_id}};
    say_json('queried', smsc => $smsc, id => hex($pdu->{message_id}) . '', source => $pdu->{source_addr});
    my @answer = defined $state ? (final_date => POSIX::strftime('%y%m%d%H%M%S000+', gmtime), message_state => $state)
        : (status => ESME_RQUERYFAIL, final_date => '', message_state => 0);
    $esme->query_sm_resp(seq => $pdu->{seq}, message_id => $pdu->{message_id}, @answer, error_code => 0);
}
