/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a device, for devices of every kind: only their description is needed. */
#include "eg_test.h"

#include "dpdk_choose.h"

static struct eg_dpdk_choice choice;
static struct eg_error err;

/* A NIC that can everything, as its driver would describe it. */
static const struct rte_eth_dev_info nic = {
    .rx_offload_capa = ~UINT64_C(0),
    .tx_offload_capa = ~UINT64_C(0),
    .flow_type_rss_offloads = ~UINT64_C(0),
    .rx_desc_lim = {.nb_min = 64, .nb_max = 4096, .nb_align = 32},
    .tx_desc_lim = {.nb_min = 64, .nb_max = 8160, .nb_align = 32},
};
/* A virtual device that can nothing. */
static const struct rte_eth_dev_info bare = {.rx_desc_lim = {.nb_max = UINT16_MAX}};

static const struct eg_config_port plain = {.queues = 4};

static void expect_refusal(
    const struct eg_config_port *port, const struct rte_eth_dev_info *info, const char *text)
{
	assert_true(eg_dpdk_choose(&choice, port, info, &err) < 0);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, err.text);
}

static void by_default_what_the_device_can(void **state)
{
	assert_int_equal(eg_dpdk_choose(&choice, &plain, &nic, &err), 0);
	assert_int_equal(choice.rx_desc_cnt, 1024);
	assert_int_equal(choice.tx_desc_cnt, 1024);
	assert_int_equal(choice.conf.rxmode.offloads,
	    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	assert_int_equal(choice.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
	assert_int_equal(choice.conf.rx_adv_conf.rss_conf.rss_hf,
	    RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP);
	assert_int_equal(eg_dpdk_choose(&choice, &plain, &bare, &err), 0);
	assert_int_equal(choice.conf.rxmode.offloads | choice.conf.txmode.offloads, 0);
	assert_int_equal(choice.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

static void a_link_that_can_tell_is_heard(void **state)
{
	const uint32_t flags = RTE_ETH_DEV_INTR_LSC;
	struct rte_eth_dev_info telling = nic;

	(void)state;
	assert_int_equal(eg_dpdk_choose(&choice, &plain, &bare, &err), 0);
	assert_int_equal(choice.conf.intr_conf.lsc, 0);
	telling.dev_flags = &flags;
	assert_int_equal(eg_dpdk_choose(&choice, &plain, &telling, &err), 0);
	assert_int_equal(choice.conf.intr_conf.lsc, 1);
}

static void one_queue_needs_no_hash(void **state)
{
	const struct eg_config_port one = {.queues = 1};

	assert_int_equal(eg_dpdk_choose(&choice, &one, &nic, &err), 0);
	assert_int_equal(choice.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

static void descriptors_are_within_the_limits(void **state)
{
	struct eg_config_port port = plain;

	port.dpdk.rx_desc_cnt = 4096;
	port.dpdk.tx_desc_cnt = 64;
	assert_int_equal(eg_dpdk_choose(&choice, &port, &nic, &err), 0);
	assert_int_equal(choice.rx_desc_cnt, 4096);
	assert_int_equal(choice.tx_desc_cnt, 64);
	port.dpdk.rx_desc_cnt = 4128;
	expect_refusal(
	    &port, &nic, "rx_descriptors: 4128, but the device takes 64 to 4096, in steps of 32");
	port.dpdk.rx_desc_cnt = 100;
	expect_refusal(&port, &nic, "rx_descriptors: 100, but");
	port.dpdk.rx_desc_cnt = 0;
	port.dpdk.tx_desc_cnt = 32;
	expect_refusal(
	    &port, &nic, "tx_descriptors: 32, but the device takes 64 to 8160, in steps of 32");
	assert_int_equal(eg_dpdk_choose(&choice, &port, &bare, &err), 0);
}

static void fields_of_the_hash(void **state)
{
	struct eg_config_port port = plain;
	struct rte_eth_dev_info no_ip6 = nic;

	port.dpdk.has_rss = true;
	port.dpdk.rss = EG_RSS_IPV4 | EG_RSS_IPV6;
	assert_int_equal(eg_dpdk_choose(&choice, &port, &nic, &err), 0);
	assert_int_equal(
	    choice.conf.rx_adv_conf.rss_conf.rss_hf, RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6);
	no_ip6.flow_type_rss_offloads = RTE_ETH_RSS_IPV4;
	expect_refusal(&port, &no_ip6, "rss: the device cannot hash ipv6: leave it out");
	expect_refusal(&port, &bare, "rss: the device cannot hash ipv4, nor anything else");
	port.dpdk.rss = 0;
	assert_int_equal(eg_dpdk_choose(&choice, &port, &nic, &err), 0);
	assert_int_equal(choice.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
	port.dpdk.has_rss = false;
	assert_int_equal(eg_dpdk_choose(&choice, &port, &no_ip6, &err), 0);
	assert_int_equal(choice.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

static void switches(void **state)
{
	struct eg_config_port port = plain;
	struct rte_eth_dev_info half = nic;

	port.dpdk.rx_checksum = EG_SWITCH_ON;
	port.dpdk.tx_checksum = EG_SWITCH_OFF;
	port.dpdk.fast_free = EG_SWITCH_ON;
	assert_int_equal(eg_dpdk_choose(&choice, &port, &nic, &err), 0);
	assert_int_equal(choice.conf.rxmode.offloads,
	    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	assert_int_equal(choice.conf.txmode.offloads, RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
	half.rx_offload_capa = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	expect_refusal(&port, &half, "rx_checksum: on, but the device cannot do all of it");
	port.dpdk.rx_checksum = EG_SWITCH_OFF;
	expect_refusal(&port, &bare, "fast_free: on, but the device cannot: say auto, or off");
	port.dpdk.tx_checksum = EG_SWITCH_ON;
	expect_refusal(&port, &bare, "tx_checksum: on, but the device cannot: say auto, or off");
	assert_int_equal(eg_dpdk_choose(&choice, &port, &half, &err), 0);
	assert_int_equal(choice.conf.rxmode.offloads, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_default_what_the_device_can),
	    cmocka_unit_test(a_link_that_can_tell_is_heard),
	    cmocka_unit_test(one_queue_needs_no_hash),
	    cmocka_unit_test(descriptors_are_within_the_limits),
	    cmocka_unit_test(fields_of_the_hash),
	    cmocka_unit_test(switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
