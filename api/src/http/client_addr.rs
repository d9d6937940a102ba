//! The address a request comes from, as far as it can be believed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The client's address: the peer, or the nearest address in `X-Forwarded-For` that no trusted proxy owns.
///
/// `forwarded` are the values of the `X-Forwarded-For` headers in the order they came. They are one list,
/// walked from the right for as long as the address that wrote the entry is trusted; what stands further
/// left was written by strangers. An entry that is no address ends the walk at the proxy that passed it on.
/// IPv4 addresses inside IPv6 come back as IPv4.
pub fn client_addr<H: AsRef<[u8]>>(
    peer: IpAddr,
    forwarded: impl IntoIterator<Item = H>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(client) {
        return client;
    }
    let headers: Vec<H> = forwarded.into_iter().collect();
    let entries = headers
        .iter()
        .rev()
        .flat_map(|header| header.as_ref().rsplit(|&byte| byte == b','));
    for entry in entries {
        let Some(address) = parse_entry(entry) else {
            break;
        };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// What an address is limited by: itself, or its /64 for IPv6, where one customer owns that many.
#[must_use]
pub fn rate_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`, blanks around.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text
            .parse::<IpAddr>()
            .ok()
            .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())),
    };
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TRUSTED: [&str; 3] = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"];

    #[rstest]
    #[case::no_header("203.0.113.9", &[], "203.0.113.9")]
    #[case::stranger_lies("203.0.113.9", &["1.2.3.4"], "203.0.113.9")]
    #[case::one_proxy("10.0.0.1", &["198.51.100.4"], "198.51.100.4")]
    #[case::client_lies("10.0.0.1", &["1.2.3.4, 198.51.100.4"], "198.51.100.4")]
    #[case::client_claims_a_proxy("10.0.0.1", &["10.9.9.9, 198.51.100.4"], "198.51.100.4")]
    #[case::two_proxies("10.0.0.1", &["198.51.100.4, 192.0.2.7"], "198.51.100.4")]
    #[case::two_headers("10.0.0.1", &["1.2.3.4", "198.51.100.4, 10.0.0.2"], "198.51.100.4")]
    #[case::lie_in_the_first_header("10.0.0.1", &["1.2.3.4", "198.51.100.4"], "198.51.100.4")]
    #[case::all_trusted("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::empty("10.0.0.1", &[""], "10.0.0.1")]
    #[case::junk("10.0.0.1", &["198.51.100.4, unknown"], "10.0.0.1")]
    #[case::junk_behind_a_proxy("10.0.0.1", &["junk, 10.0.0.2"], "10.0.0.2")]
    #[case::junk_left_of_the_client("10.0.0.1", &["<script>, 198.51.100.4"], "198.51.100.4")]
    #[case::trailing_comma("10.0.0.1", &["198.51.100.4,"], "10.0.0.1")]
    #[case::port("10.0.0.1", &["198.51.100.4:5678"], "198.51.100.4")]
    #[case::six("10.0.0.1", &["2001:db8::5"], "2001:db8::5")]
    #[case::six_in_brackets("10.0.0.1", &["[2001:db8::5]"], "2001:db8::5")]
    #[case::six_with_port("10.0.0.1", &[" [2001:db8::5]:443 "], "2001:db8::5")]
    #[case::four_in_brackets("10.0.0.1", &["[198.51.100.4]"], "10.0.0.1")]
    #[case::zone("10.0.0.1", &["fe80::1%eth0"], "10.0.0.1")]
    #[case::octal("10.0.0.1", &["010.0.0.1"], "10.0.0.1")]
    #[case::mapped_peer("::ffff:10.0.0.1", &["198.51.100.4"], "198.51.100.4")]
    #[case::mapped_entry("10.0.0.1", &["::ffff:198.51.100.4"], "198.51.100.4")]
    #[case::mapped_proxy_entry("10.0.0.1", &["198.51.100.4, ::ffff:10.0.0.2"], "198.51.100.4")]
    #[case::mapped_stranger("::ffff:203.0.113.9", &["1.2.3.4"], "203.0.113.9")]
    #[case::six_proxy("fd00::1", &["198.51.100.4"], "198.51.100.4")]
    fn the_client_is_the_nearest_address_no_trusted_proxy_owns(
        #[case] peer: &str,
        #[case] forwarded: &[&str],
        #[case] expected: &str,
    ) {
        let trusted = TRUSTED.map(|network| network.parse().unwrap());
        let client = client_addr(peer.parse().unwrap(), forwarded, &trusted);
        assert_eq!(client, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn without_trusted_proxies_the_header_is_ignored() {
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client_addr(peer, ["1.2.3.4"], &[]), peer);
    }

    #[test]
    fn bytes_that_are_not_text_end_the_walk() {
        let peer = "10.0.0.1".parse().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(client_addr(peer, [b"\xff\xfe"], &trusted), peer);
    }

    #[rstest]
    #[case("198.51.100.4", "198.51.100.4")]
    #[case("::ffff:198.51.100.4", "198.51.100.4")]
    #[case("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    #[case("2001:db8:1:2:ffff::", "2001:db8:1:2::")]
    #[case("::1", "::")]
    fn limits_apply_to_an_address_or_a_64_bit_prefix(#[case] address: &str, #[case] key: &str) {
        assert_eq!(
            rate_key(address.parse().unwrap()),
            key.parse::<IpAddr>().unwrap()
        );
    }
}
