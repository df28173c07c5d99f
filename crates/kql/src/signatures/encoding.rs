//! Functions that encode, hash and take apart texts in known formats.

use model::Type;

use super::short::*;
use super::{Naming, Overload, Param, Signature, over, scalar};

const STRING_TO_STRING: &[Overload] = &[over(&[STRING], Type::String)];
const STRING_TO_DYNAMIC: &[Overload] = &[over(&[STRING], Type::Dynamic)];
/// Any type but dynamic.
const DIGEST: &[Overload] = &[over(&[Param::Ordered], Type::String)];
const TEST: &[Overload] = &[over(&[Param::Text], Type::Bool)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar("base64_encode_tostring", STRING_TO_STRING, "the text's bytes in base64")
        .also(&["base64_encodestring"])
        .takes("text"),
    scalar("base64_decode_tostring", STRING_TO_STRING, "the text whose bytes base64 holds")
        .also(&["base64_decodestring"])
        .takes("base64"),
    scalar(
        "base64_encode_fromarray",
        &[over(&[DYNAMIC], Type::String)],
        "an array of bytes in base64",
    )
    .takes("bytes"),
    scalar("base64_decode_toarray", STRING_TO_DYNAMIC, "the array of bytes base64 holds")
        .takes("base64"),
    scalar(
        "base64_encode_fromguid",
        &[over(&[Param::Of(Type::Guid)], Type::String)],
        "the bytes of a guid in base64",
    )
    .takes("guid"),
    scalar(
        "base64_decode_toguid",
        &[over(&[STRING], Type::Guid)],
        "the guid whose bytes base64 holds",
    )
    .takes("base64"),
    scalar("gzip_compress_to_base64_string", STRING_TO_STRING, "the text as gzip in base64")
        .takes("text")
        .differs("The compressed bytes may be others; they decompress to the same text."),
    scalar(
        "gzip_decompress_from_base64_string",
        STRING_TO_STRING,
        "the text that gzip in base64 holds",
    )
    .takes("base64"),
    scalar("zlib_compress_to_base64_string", STRING_TO_STRING, "the text as zlib in base64")
        .takes("text")
        .differs("The compressed bytes may be others; they decompress to the same text."),
    scalar(
        "zlib_decompress_from_base64_string",
        STRING_TO_STRING,
        "the text that zlib in base64 holds",
    )
    .takes("base64"),
    scalar("hash_md5", DIGEST, "the MD5 digest of the value's text, in hexadecimal").takes("value"),
    scalar("hash_sha1", DIGEST, "the SHA-1 digest of the value's text, in hexadecimal")
        .takes("value"),
    scalar("hash_sha256", DIGEST, "the SHA-256 digest of the value's text, in hexadecimal")
        .takes("value"),
    scalar("punycode_from_string", STRING_TO_STRING, "the text in Punycode").takes("text"),
    scalar("punycode_to_string", STRING_TO_STRING, "the text Punycode stands for")
        .takes("punycode"),
    scalar(
        "punycode_domain_to_string",
        STRING_TO_STRING,
        "the name of a domain with its labels in Punycode",
    )
    .takes("domain"),
    scalar(
        "punycode_domain_from_string",
        STRING_TO_STRING,
        "the name of a domain with its labels read from Punycode",
    )
    .takes("domain"),
    scalar("isascii", TEST, "whether the text has ASCII characters only").takes("text"),
    scalar("isutf8", TEST, "whether the text is UTF-8, which every text here is").takes("text"),
    scalar(
        "unicode_codepoints_from_string",
        &[over(&[Param::Text], Type::Dynamic)],
        "the array of the text's code points",
    )
    .also(&["to_utf8"])
    .takes("text"),
    scalar(
        "unicode_codepoints_to_string",
        &[over(&[Param::Any], Type::String).repeat(0, 1)],
        "the text of code points, given one by one or in arrays",
    )
    .also(&["make_string"])
    .takes("codepoints"),
    scalar("parse_urlquery", STRING_TO_DYNAMIC, "the bag of the parameters of a URL's query")
        .also(&["parseurlquery"])
        .takes("query"),
    scalar("parse_path", STRING_TO_DYNAMIC, "the bag of the parts of a file's path").takes("path"),
    scalar(
        "parse_command_line",
        &[over(&[Param::Text, STRING], Type::Dynamic)],
        "the array of the arguments of a command line; the parser is `windows`",
    )
    .takes("command_line, parser"),
    scalar(
        "parse_xml",
        &[over(&[STRING], Type::Dynamic)],
        "elements, attributes and texts of an XML document as a bag",
    )
    .takes("xml")
    .named(Naming::Argument),
];
