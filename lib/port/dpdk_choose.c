/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk_choose.h"
#include "eg_port_need.h"

#define RX_CHECKSUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM)
#define TX_CHECKSUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)

/* Adds what the switch wants of `wanted` and the device has. */
static int add_offloads(uint64_t *offloads, enum eg_switch how, uint64_t wanted, uint64_t capa,
    const char *key, struct eg_error *err)
{
	if (how == EG_SWITCH_ON && (capa & wanted) != wanted)
		return eg_error_set(err, EG_ENOTSUP,
		    "%s: on, but the device cannot%s: say auto, or off", key,
		    (capa & wanted) != 0 ? " do all of it" : "");
	if (how != EG_SWITCH_OFF)
		*offloads |= capa & wanted;
	return 0;
}

static int choose_offloads(const struct eg_config_device *want, const struct rte_eth_dev_info *info,
    struct rte_eth_conf *conf, struct eg_error *err)
{
	int rc = add_offloads(&conf->rxmode.offloads, want->rx_checksum, RX_CHECKSUMS,
	    info->rx_offload_capa, "rx_checksum", err);

	if (rc == 0)
		rc = add_offloads(&conf->txmode.offloads, want->tx_checksum, TX_CHECKSUMS,
		    info->tx_offload_capa, "tx_checksum", err);
	/* Its conditions hold: all buffers of a queue are of the port's one pool, and nobody else
	 * holds them. */
	if (rc == 0)
		rc = add_offloads(&conf->txmode.offloads, want->fast_free,
		    RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, info->tx_offload_capa, "fast_free", err);
	return rc;
}

static const struct {
	enum eg_rss field;
	uint64_t flag;
	const char *name;
} rss_fields[] = {
    {EG_RSS_IPV4, RTE_ETH_RSS_IPV4, "ipv4"},
    {EG_RSS_IPV4_UDP, RTE_ETH_RSS_NONFRAG_IPV4_UDP, "ipv4_udp"},
    {EG_RSS_IPV6, RTE_ETH_RSS_IPV6, "ipv6"},
    {EG_RSS_IPV6_UDP, RTE_ETH_RSS_NONFRAG_IPV6_UDP, "ipv6_udp"},
};

/* The driver's own RSS key is used: nothing here depends on where a packet lands. */
static int choose_rss(const struct eg_config_port *port, const struct rte_eth_dev_info *info,
    struct rte_eth_conf *conf, struct eg_error *err)
{
	const struct eg_config_device *want = &port->dpdk;
	unsigned fields = want->has_rss ? want->rss : EG_RSS_IPV4_UDP | EG_RSS_IPV6_UDP;
	uint64_t capa = info->flow_type_rss_offloads, flags = 0;

	for (size_t i = 0; i < RTE_DIM(rss_fields); i++) {
		if ((fields & rss_fields[i].field) == 0)
			continue;
		if (want->has_rss && (capa & rss_fields[i].flag) == 0)
			return eg_error_set(err, EG_ENOTSUP,
			    "rss: the device cannot hash %s%s: leave it out, or leave out rss to "
			    "have what it can",
			    rss_fields[i].name, capa == 0 ? ", nor anything else" : "");
		flags |= capa & rss_fields[i].flag;
	}
	if (port->queues == 1 || flags == 0)
		return 0;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = flags;
	return 0;
}

/* What is written must be possible as it is; the standard number is only where to begin. */
static int check_descriptors(
    uint16_t wanted, const struct rte_eth_desc_lim *limit, const char *key, struct eg_error *err)
{
	unsigned step = limit->nb_align != 0 ? limit->nb_align : 1;
	unsigned most = limit->nb_max != 0 ? limit->nb_max : UINT16_MAX;

	if (wanted == 0 || (wanted >= limit->nb_min && wanted <= most && wanted % step == 0))
		return 0;
	return eg_error_set(err, EG_ELIMIT, "%s: %u, but the device takes %u to %u, in steps of %u",
	    key, wanted, limit->nb_min, most, step);
}

static int choose_descriptors(const struct eg_config_device *want,
    const struct rte_eth_dev_info *info, struct eg_dpdk_choice *choice, struct eg_error *err)
{
	int rc = check_descriptors(want->rx_desc_cnt, &info->rx_desc_lim, "rx_descriptors", err);

	if (rc == 0)
		rc =
		    check_descriptors(want->tx_desc_cnt, &info->tx_desc_lim, "tx_descriptors", err);
	choice->rx_desc_cnt = want->rx_desc_cnt != 0 ? want->rx_desc_cnt : EG_PORT_DESC_CNT;
	choice->tx_desc_cnt = want->tx_desc_cnt != 0 ? want->tx_desc_cnt : EG_PORT_DESC_CNT;
	return rc;
}

/* By interrupt, where the device can: virtio_user as a server then takes its next peer, and without
 * it ends the process when its last peer has gone (DPDK 22.11). */
static bool tells_its_link(const struct rte_eth_dev_info *info)
{
	return info->dev_flags != NULL && (*info->dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
}

int eg_dpdk_choose(struct eg_dpdk_choice *choice, const struct eg_config_port *port,
    const struct rte_eth_dev_info *info, struct eg_error *err)
{
	int rc;

	*choice = (struct eg_dpdk_choice){.conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE};
	choice->conf.intr_conf.lsc = tells_its_link(info);
	rc = choose_offloads(&port->dpdk, info, &choice->conf, err);
	if (rc == 0)
		rc = choose_rss(port, info, &choice->conf, err);
	return rc == 0 ? choose_descriptors(&port->dpdk, info, choice, err) : rc;
}
