//! The words of SQL, by what they do in a statement.

use super::lexer::Class;

/// Words by class, over the dialects of MySQL, PostgreSQL, SQL Server, Oracle and SQLite.
const WORDS: &[(Class, &str)] = &[
    (Class::Union, "union intersect except minus"),
    (Class::Select, "select"),
    (
        Class::Verb,
        "insert update delete drop create alter truncate exec execute declare shutdown merge replace grant revoke call \
         load handler backup restore reconfigure attach copy vacuum rename",
    ),
    (Class::Logic, "and or xor && ||"),
    (Class::Not, "not ! ~ exists"),
    (
        Class::Compare,
        "= <> != < > <= >= <=> == ^= !< !> like rlike regexp ilike similar between sounds glob match isnull notnull",
    ),
    (Class::Member, "in is"),
    (
        Class::Variable,
        "current_date current_time current_timestamp localtime localtimestamp utc_time utc_date utc_timestamp current_user \
         session_user system_user current_role",
    ),
    (Class::Operator, "+ - * / % ^ & | << >> div mod :: #> #>> -> ->> @> <@ ?| ?& ~* !~ :="),
    (Class::Clause, "from where having limit offset order group by procedure into fetch returning"),
    (
        Class::Keyword,
        "all distinct distinctrow as case when then else end top asc desc using collate binary interval any some for with \
         join inner outer left right cross natural on values set table database schema column view index user escape delay \
         by outfile dumpfile begin commit rollback if while cast convert separator \
         over partition",
    ),
    (Class::Number, "null true false unknown"),
    (
        Class::Danger,
        "sleep benchmark extractvalue updatexml load_file pg_sleep xp_cmdshell xp_dirtree xp_regread xp_fileexist \
         xp_availablemedia sp_executesql sp_password sp_oacreate sp_makewebtask sp_addextendedproc openrowset openquery \
         opendatasource utl_http utl_inaddr utl_file dbms_pipe dbms_lock dbms_java dbms_ldap ctxsys xmltype dbms_xmlgen \
         pg_read_file pg_ls_dir lo_import lo_export lo_get lo_create load_extension group_concat concat_ws unhex \
         aes_decrypt aes_encrypt make_set elt randomblob zeroblob name_const gtid_subset json_keys st_latfromgeohash \
         to_timestamp_tz database_to_xml query_to_xml table_to_xml convert_from generate_series pg_backend_pid \
         current_setting db_name db_id fn_my_permissions fn_virtualfilestats sys_context updatexmltype polygon \
         geometrycollection multipoint multipolygon linestring multilinestring procedure_analyse analyse starts_with",
    ),
    (
        Class::Function,
        "abs acos ascii asin atan avg bin bit_and bit_length bit_or bit_xor ceil ceiling char char_length chr coalesce \
         concat conv cos cot count crc32 curdate curtime database date date_add date_format date_sub datediff day dayname \
         decode degrees des_decrypt des_encrypt encode encrypt exp field find_in_set floor format found_rows from_base64 \
         from_days from_unixtime get_lock greatest hex hour ifnull iif inet_aton inet_ntoa instr isnull json_extract \
         json_array json_object json_value last_insert_id lcase least left len length ln locate log log10 log2 lower lpad \
         ltrim max md5 microsecond mid min minute month monthname newid now nullif nvl oct octet_length ord password pi \
         position power quarter quote quotename rand radians random rawtohex release_lock repeat replace replicate reverse \
         right round row_count rpad rtrim schema second session_user sha sha1 sha2 sign sin soundex space sqlite_version \
         sqrt stddev str strcmp stuff substr substring substring_index sum sysdate system_user tan time timediff \
         timestamp to_base64 to_char to_number translate trim truncate typeof ucase unicode unistr unix_timestamp upper \
         user user_name utc_date uuid values variance version week weekday year host_name is_srvrolemember chr2 string_agg \
         array_agg row_to_json to_json regexp_substr regexp_like xmlagg xmlelement getdate current_database current_schema \
         current_user cast convert if hashbytes json",
    ),
];

/// How a word of SQL is classed: on its own, and in front of a parenthesis.
#[derive(Debug, Default)]
pub(super) struct Words(rustc_hash::FxHashMap<&'static [u8], (Option<Class>, Option<Class>)>);

/// The longest word of the table.
pub(super) const LONGEST: usize = 24;

impl Words {
    pub(super) fn new() -> Self {
        let mut words = Self::default();
        for (class, list) in WORDS {
            for word in list.split_whitespace() {
                let entry = words.0.entry(word.as_bytes()).or_default();
                if matches!(class, Class::Function | Class::Danger) {
                    entry.1 = entry.1.or(Some(*class));
                } else {
                    entry.0 = entry.0.or(Some(*class));
                }
            }
        }
        words
    }

    /// The class of a word in lower case, `called` when a parenthesis follows.
    pub(super) fn class(&self, word: &[u8], called: bool) -> Class {
        let (alone, call) = self.0.get(word).copied().unwrap_or_default();
        // Stored procedures of SQL Server, and its own way to wait, are words that nobody else uses.
        if word.starts_with(b"xp_") || word.starts_with(b"sp_") || word == b"waitfor" {
            return Class::Danger;
        }
        let class = if called { call.or(alone) } else { alone };
        class.unwrap_or(if called { Class::Call } else { Class::Name })
    }
}
