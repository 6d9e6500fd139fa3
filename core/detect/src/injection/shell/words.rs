//! Commands of Unix shells, of Windows and of PowerShell.

/// Names that mean nothing but the command.
const COMMANDS: &str = "\
    7z 7za aa-disable aa-exec ab adduser agetty ansible ansible-config ansible-console ansible-vault apk apt-get apt aptitude ar aria2c arp \
    ash awk base32 base64 bash bashbug bpftrace bsdtar bunzip2 busctl busybox byebug bzcat bzip2 bzless \
    c89 c99 cancel capsh cargo cc cc1 chattr chef chef-run chef-shell chef-vault chgrp chmod chown chpass chroot cksum clang cmp \
    cobc cpan cpio cpulimit crontab csh cscli csplit csvtool curl cvs dash dd debugfs dialog diff dig dmesg dmidecode dnf \
    docker dosbox dpkg dvips easy_install ebtables efax egrep emacs esh ethtool exiftool expr fdisk fgrep fish flock fmt foreach \
    fping ftpstats g++ gawk gcc gcore gdb gem genie gimp ginsh git gpg grep gunzip gzcat gzexe gzip hashcat head hexdump hostid \
    hostname hping3 htdigest htop htpasswd ifconfig ifup insmod ionice iostat ip6tables iptables irb ispell java jjs \
    jobs joe journalctl jq jrunscript julia ksh ksshell kubectl lastcomm lastlog lastlogin ldconfig ldd less lftp lftpget links2 \
    logname losetup lsattr lsb_release lscpu lsmod lsof lspci lsusb ltrace lua lua5 lwp-download lwp-request lynx lzcat lzma lzless \
    mawk mkdir mkfifo mknod mlocate modprobe mosquitto mutt mysql mysqldump mysqladmin nano nasm nawk ncat nc nc.traditional \
    nc.openbsd netcat netstat nmap nohup npm nroff nslookup nsenter ntpdate octave openssl openvpn openvt opkg passwd patch pdflatex \
    perl perl5 pftp pgrep php php5 php7 pico pidstat ping ping6 pip pip3 pkexec pkill pkg_info popd posh printenv printf psed psftp psql \
    ptx pushd pwd python python2 python3 pypy qemu rcp rdoc readelf realpath redcarpet redis-cli restic rlogin rlwrap rm rmdir \
    rmt rmt-dump rmuser rnano route rpm rpmdb rpmquery rpmverify rsync rtorrent ruby rundll32 runscript rview rvim sash scp \
    scrot sed setarch setfacl setsid sftp sh sha1sum sha256sum md5sum shuf slsh smbclient snap socat ss ssh ssh-keygen ssh-keyscan sshd \
    start-stop-daemon stdbuf strace strings su sudo sysctl systemctl tac tail tailf tar taskset tasksh tclsh tcpdump tcping tcptraceroute tcsh \
    tdbtool telnet tftp timedatectl tmux touch tput traceroute traceroute6 tshark tsc ulimit uname unexpand uniq unlink unlzma unpigz unrar unset unshare \
    unxz unzip unzstd update-alternatives useradd userdel usermod uudecode uuencode vagrant valgrind vigr vim vimdiff vipw virsh \
    visudo vi w3m wget whoami whois wget2 xargs xelatex xetex xmodmap xmore xpad xterm xxd xz xzcat yarn yum zathura zcat zgrep zless \
    zmore zsh zstd zypper ps ls cp mv ln id cd env printf whoami comm bridge column cowsay \
    cmd cmd.exe powershell pwsh cmdkey certutil bitsadmin mshta regsvr32 reg regedit regedt32 wmic cscript wscript net1 netsh nltest \
    schtasks systeminfo tasklist taskkill sc ipconfig attrib cacls icacls bcdedit bcdboot bootcfg chcp chkdsk cipher convertvhd \
    diskpart dsquery esentutl findstr forfiles fsutil gpresult gpupdate msiexec nbtstat nslookup openfiles powercfg quser rasdial \
    robocopy runas setx takeown tracert typeperf vssadmin wevtutil wbadmin whoami xcopy csc installutil msbuild odbcconf psexec \
    iex iwr irm iwmi icm invoke-expression invoke-webrequest invoke-command start-process";

/// Names that are words of English, too: they count with an argument of a command, or glued to a separator.
const WORDS: &str = "\
    alias arch at bash batch bc bg break builtin cat cal chef chsh clear column complete cut date declare df dir do doas done du echo ed \
    emacs enable eval exec exit expand export factor fc fg file find finger fold free ftp function get getent go halt hash help history host \
    if init install ip join kill last let link links local locate logout look lp ls mail make man more mount nice nl node \
    on open pack paste perf pic pr printf prompt pry puppet rake rdoc read red reboot rename rev rmdir run screen script select \
    service set shift shutdown sleep snap sort source split start strings sum sync sysstat tee test tic time timeout \
    top tr trap trace type umask units unset up users view wait wall watch wc when where which while who write xo yes zip \
    copy del erase md move net path pause popd prompt ren rd title tree type ver vol bridge echo";

/// The tables, for looking names up.
#[derive(Debug, Default)]
pub(super) struct Commands(rustc_hash::FxHashMap<&'static [u8], Name>);

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// Only a command.
    Command,
    /// A word, too.
    Word,
}

impl Commands {
    pub(super) fn new() -> Self {
        let mut names = Self::default();
        names.0.extend(WORDS.split_whitespace().map(|word| (word.as_bytes(), Name::Word)));
        names.0.extend(COMMANDS.split_whitespace().map(|word| (word.as_bytes(), Name::Command)));
        names
    }

    /// Looks a name in lower case up; an `.exe` and the version behind it do not matter.
    pub(super) fn get(&self, name: &[u8]) -> Option<Name> {
        let name = name.strip_suffix(b".exe").unwrap_or(name);
        self.0.get(name).copied().or_else(|| {
            let plain =
                name.iter().rposition(|byte| !byte.is_ascii_digit() && *byte != b'.').map_or(0, |last| last + 1);
            (plain < name.len() && plain > 2).then(|| self.0.get(name.get(..plain)?).copied()).flatten()
        })
    }
}

/// Verbs of PowerShell's cmdlets.
pub(super) const CMDLET_VERBS: [&str; 16] = [
    "invoke-",
    "get-",
    "set-",
    "new-",
    "start-",
    "stop-",
    "remove-",
    "add-",
    "import-",
    "export-",
    "out-",
    "write-",
    "copy-",
    "enable-",
    "disable-",
    "register-",
];
