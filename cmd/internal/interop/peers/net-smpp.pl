# An SMSC on Perl's Net::SMPP, on a free port of loopback, one bind at a time. It says what it decoded as JSON lines on
# stdout. Its ids are hexadecimal in submit_sm_resp and decimal in receipts, which are of text only; every second receipt
# comes by data_sm with the text in message_payload.
use strict;
use warnings;

use Encode ();
use JSON::PP ();
use Net::SMPP;
use POSIX ();

use constant { ENTITY_TAG => 0x1400, TEMPLATE_TAG => 0x1401, ESME_RBINDFAIL => 0x0d };

$| = 1;
# The module says on stderr that it has no names for the tags of DLT; it keeps their values by number.
$SIG{__WARN__} = sub { print STDERR $_[0] unless $_[0] =~ /^Unknown tag/ };

my $json = JSON::PP->new->canonical->utf8;
my $next = 4_000_000_000;
my %receipts;    # the ids of receipts that wait for their answer, by sequence number
my $taken = 0;

sub say_json { my ($event, %facts) = @_; print $json->encode({event => $event, %facts}), "\n"; }

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34, timeout => undef) or die "listen: $!";
say_json('listening', port => $server->sockport + 0);
while (my $esme = $server->accept) { serve($esme) }

sub serve {
    my ($esme) = @_;
    while (my $pdu = $esme->read_pdu) {
        my $command = $pdu->explain_cmd;
        if    ($command eq 'bind_transceiver')  { on_bind($esme, $pdu) }
        elsif ($command eq 'submit_sm')         { on_submit($esme, $pdu) }
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
    $esme->bind_transceiver_resp(seq => $pdu->{seq}, system_id => 'net-smpp');
    say_json('bound', as => 'bind_transceiver', version => $pdu->{interface_version});
    $esme->enquire_link(async => 1);
    # A PDU that has no answer, and that a sender of OTPs has no use for: the bind must outlive it.
    $esme->alert_notification(async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => '919812300000',
        esme_addr_ton => 0, esme_addr_npi => 0, esme_addr => 'harkara');
}

sub on_submit {
    my ($esme, $pdu) = @_;
    my $id = $next++;
    $taken++;
    my ($reference, $total, $part, $octets) = (0, 1, 1, $pdu->{short_message});
    if ($pdu->{esm_class} & 0x40) {
        # 06 08 04: one element, the 16-bit reference (3GPP TS 23.040 9.2.3.24.8).
        (my $udh, $octets) = unpack 'C/a a*', $octets;
        ($reference, $total, $part) = unpack 'x2 n C C', $udh;
    }
    my $charset = $pdu->{data_coding} == 8 ? 'UTF-16BE' : 'gsm0338';
    say_json('submit', id => "$id", source => $pdu->{source_addr}, dest => $pdu->{destination_addr},
        text => Encode::decode($charset, $octets), entity => $pdu->{+ENTITY_TAG}, template => $pdu->{+TEMPLATE_TAG},
        reference => $reference, total => $total, part => $part);
    $esme->submit_sm_resp(seq => $pdu->{seq}, message_id => sprintf '%X', $id);
    send_receipt($esme, $pdu, $id);
}

sub send_receipt {
    my ($esme, $submit, $id) = @_;
    my $failed = $submit->{destination_addr} =~ /00$/;
    my $now = POSIX::strftime('%y%m%d%H%M', gmtime);
    my $text = sprintf 'id:%010d sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:not repeated', $id,
        $failed ? '000' : '001', $now, $now, $failed ? ('UNDELIV', '006') : ('DELIVRD', '000');
    my @addresses = (async => 1, esm_class => 0x04, source_addr_ton => $submit->{dest_addr_ton},
        source_addr_npi => $submit->{dest_addr_npi}, source_addr => $submit->{destination_addr},
        dest_addr_ton => $submit->{source_addr_ton}, dest_addr_npi => $submit->{source_addr_npi},
        destination_addr => $submit->{source_addr});
    my $seq = $taken % 2 ? $esme->deliver_sm(@addresses, short_message => $text)
        : $esme->data_sm(@addresses, data_coding => 0, registered_delivery => 0, message_payload => $text);
    $receipts{$seq} = "$id";
}
